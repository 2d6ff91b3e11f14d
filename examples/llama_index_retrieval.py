"""Notes, photos and sounds in one collection, searched with LlamaIndex, and a chat with a memory.

It needs no API key and no download. No language model is asked; the messages that one would be sent
are printed. Some samples are training data of sensorium-mini, so this shows how to use it, not how
well it recognises things.
"""

import asyncio
from pathlib import Path

from llama_index.core import Document, StorageContext
from llama_index.core.base.llms.types import ChatMessage, ImageBlock, TextBlock
from llama_index.core.indices import MultiModalVectorStoreIndex
from llama_index.core.memory import Memory as ChatMemory
from llama_index.core.schema import ImageDocument, NodeWithScore, QueryBundle
from sqlalchemy.ext.asyncio import create_async_engine

from sensorium.llama_index import (
    SensoriumEmbedding,
    SensoriumMemoryBlock,
    SensoriumRetriever,
    SensoriumVectorStore,
)
from sensorium.samples import FOLDER, notes, sample, sample_names


def photo(path: Path) -> ImageDocument:
    """Return a document of a picture. It has no text, so it can be found only by its content."""
    return ImageDocument(image_path=str(path), metadata={"file_name": path.name})


def index_all(store: SensoriumVectorStore, model: SensoriumEmbedding) -> MultiModalVectorStoreIndex:
    """Index texts and pictures in one collection, each with its own vector."""
    photos = [photo(path) for path in sorted(FOLDER.glob("photo_*"))]
    context = StorageContext.from_defaults(vector_store=store, image_store=store.sibling("image"))
    return MultiModalVectorStoreIndex.from_documents(
        [*(Document(text=note) for note in notes()), *photos],
        storage_context=context,
        embed_model=model,
        image_embed_model=model,
    )


def show(question: str, found: list[NodeWithScore]) -> None:
    print(f"\n{question}")
    for hit in found:
        words = hit.node.get_content() or hit.metadata.get("file_name") or hit.metadata["source"]
        print(f"  {hit.score:5.2f}  {type(hit.node).__name__:10} {words}")


def chat_message(role: str, text: str, *pictures: Path) -> ChatMessage:
    blocks = [TextBlock(text=text), *(ImageBlock(path=path) for path in pictures)]
    return ChatMessage(role=role, blocks=blocks)


async def chat(memory_block: SensoriumMemoryBlock) -> None:
    """Hold a conversation that is too long for its history, and print what a model is shown."""
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")
    memory = ChatMemory.from_defaults(
        session_id="monday",
        token_limit=600,
        token_flush_size=100,
        chat_history_token_ratio=0.5,
        memory_blocks=[memory_block],
        async_engine=engine,
    )
    await memory.aput(
        chat_message("user", "This is what I saw in India", FOLDER / "photo_leopard.jpg")
    )
    await memory.aput(chat_message("assistant", "How impressive!"))
    await memory.aput(chat_message("user", "And I ate this", FOLDER / "photo_pizza.jpg"))
    await memory.aput(chat_message("assistant", "Enjoy your meal."))
    for day in ("Tuesday", "Wednesday", "Thursday"):
        await memory.aput(chat_message("user", f"Remind me of the dentist on {day}. " * 15))
        await memory.aput(chat_message("assistant", f"I shall remind you on {day}."))
    question = "Did I ever show you a big cat?"
    await memory.aput(chat_message("user", question))
    print(f"\n{question} A model is shown:")
    for message in await memory.aget():
        words, *others = message.blocks
        kinds = "".join(f" + {type(block).__name__}" for block in others)
        print(f"  {message.role.value:9} {words.text[:66]}{kinds}")
    elsewhere = await memory_block.aget([chat_message("user", question)], session_id="another")
    print(f"Another session recalls {len(elsewhere)} messages.")
    await engine.dispose()


def main() -> None:
    model = SensoriumEmbedding()
    with SensoriumVectorStore.open(":memory:", owner="demo", embed_model=model) as store:
        index = index_all(store, model)
        print(f"{len(store.get_nodes())} notes, {len(store.sibling('image').get_nodes())} photos")
        retriever = index.as_retriever(similarity_top_k=1, image_similarity_top_k=2)
        # LlamaIndex ranks texts and pictures separately; `retrieve` joins the two lists.
        show("notes about a big cat", retriever.text_retrieve("a big cat"))
        show("photos of a big cat", retriever.text_to_image_retrieve("a big cat"))
        query = str(FOLDER / "photo_leopard.jpg")
        show("what looks like the leopard", retriever.image_to_image_retrieve(query)[1:])

        for name in sample_names("sound"):
            store.memory.remember(sample(name), source=name)
        every_sense = SensoriumRetriever(store.memory, similarity_top_k=3)
        show("in every sense: an old clock ticking", every_sense.retrieve("an old clock ticking"))
        dog = QueryBundle("", image_path=str(FOLDER / "photo_dog.jpg"))
        sounds = SensoriumRetriever(store.memory, similarity_top_k=1, modalities=["audio"])
        show("what the dog's photo sounds like", sounds.retrieve(dog))

        friend = store.memory.for_owner("a friend")
        asyncio.run(chat(SensoriumMemoryBlock(memory=friend, similarity_top_k=1)))


if __name__ == "__main__":
    main()
