"""Notes, photos and sounds in one collection, asked through LlamaIndex, and a chat that remembers.

No key and no download is needed. No language model is asked, either: what one would be sent is
printed. Some of the samples are training data of sensorium-mini: this shows how it is used, not
how well things are recognised.
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
from sensorium.percepts import Audio
from sensorium.samples import FOLDER as MEDIA
from sensorium.samples import notes


def photo(path: Path) -> ImageDocument:
    """A picture of which only its file is said: what shows it is found by what it shows."""
    return ImageDocument(image_path=str(path), metadata={"file_name": path.name})


def index_all(store: SensoriumVectorStore, model: SensoriumEmbedding) -> MultiModalVectorStoreIndex:
    """Texts and pictures in one collection, each with its own vector."""
    photos = [photo(path) for path in sorted(MEDIA.glob("photo_*"))]
    context = StorageContext.from_defaults(vector_store=store, image_store=store.sibling("image"))
    return MultiModalVectorStoreIndex.from_documents(
        [*(Document(text=note) for note in notes()), *photos],
        storage_context=context,
        embed_model=model,
        image_embed_model=model,
    )


def show(question: str, found: list[NodeWithScore]) -> None:
    print(f"\n{question}")
    for one in found:
        words = one.node.get_content() or one.metadata.get("file_name") or one.metadata["source"]
        print(f"  {one.score:5.2f}  {type(one.node).__name__:10} {words}")


def said(role: str, text: str, *pictures: Path) -> ChatMessage:
    blocks = [TextBlock(text=text), *(ImageBlock(path=path) for path in pictures)]
    return ChatMessage(role=role, blocks=blocks)


async def chat(block: SensoriumMemoryBlock) -> None:
    """A conversation too long for its history, and what a model is shown at its end."""
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")
    memory = ChatMemory.from_defaults(
        session_id="monday",
        token_limit=600,
        token_flush_size=100,
        chat_history_token_ratio=0.5,
        memory_blocks=[block],
        async_engine=engine,
    )
    await memory.aput(said("user", "This is what I saw in India", MEDIA / "photo_elephant.jpg"))
    await memory.aput(said("assistant", "How impressive!"))
    await memory.aput(said("user", "And I ate this", MEDIA / "photo_pizza.jpg"))
    await memory.aput(said("assistant", "Enjoy your meal."))
    for day in ("Tuesday", "Wednesday", "Thursday"):
        await memory.aput(said("user", f"Remind me of the dentist on {day}. " * 15))
        await memory.aput(said("assistant", f"I shall remind you on {day}."))
    question = "Which big animal did I show you?"
    await memory.aput(said("user", question))
    print(f"\n{question} A model is shown:")
    for message in await memory.aget():
        words, *others = message.blocks
        kinds = "".join(f" + {type(one).__name__}" for one in others)
        print(f"  {message.role.value:9} {words.text[:66]}{kinds}")
    elsewhere = await block.aget([said("user", question)], session_id="another")
    print(f"Another session recalls {len(elsewhere)} messages.")
    await engine.dispose()


def main() -> None:
    model = SensoriumEmbedding()
    with SensoriumVectorStore.open(":memory:", owner="demo", embed_model=model) as store:
        index = index_all(store, model)
        print(f"{len(store.get_nodes())} notes, {len(store.sibling('image').get_nodes())} photos")
        retriever = index.as_retriever(similarity_top_k=1, image_similarity_top_k=2)
        # LlamaIndex ranks texts and pictures apart; `retrieve` returns one list after the other
        show("notes about a big cat", retriever.text_retrieve("a big cat"))
        show("photos of a big cat", retriever.text_to_image_retrieve("a big cat"))
        query = str(MEDIA / "photo_leopard.jpg")
        show("what looks like the leopard", retriever.image_to_image_retrieve(query)[1:])

        for path in sorted(MEDIA.glob("sound_*")):
            store.memory.remember(Audio(path), source=path.name)
        every_sense = SensoriumRetriever(store.memory, similarity_top_k=3)
        show("in every sense: an old clock ticking", every_sense.retrieve("an old clock ticking"))
        seen = QueryBundle("", image_path=str(MEDIA / "photo_dog.jpg"))
        sounds = SensoriumRetriever(store.memory, similarity_top_k=1, modalities=["audio"])
        show("what the dog's photo sounds like", sounds.retrieve(seen))

        friend = store.memory.for_owner("a friend")
        asyncio.run(chat(SensoriumMemoryBlock(memory=friend, similarity_top_k=1)))


if __name__ == "__main__":
    main()
