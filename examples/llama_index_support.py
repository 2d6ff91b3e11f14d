"""A support desk with two users, who send pictures and voice notes. It needs no key.

Each user has an index of their own in one memory. What was wrong is corrected, and what a user no
longer wants to be known is forgotten. The language model repeats what it is asked, so the example
prints what a real one would be told.
"""

from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.llms import MockLLM
from llama_index.core.prompts import PromptTemplate

from sensorium.llama_index import SensoriumEmbedding, SensoriumReader, SensoriumVectorStore
from sensorium.memory import Memory
from sensorium.samples import FOLDER

MODEL = SensoriumEmbedding()
PROMPT = PromptTemplate("{context_str} <- {query_str}")


def index_of(desk: Memory, user: str, street: str) -> VectorStoreIndex:
    """Make the index of a user, who has told where a parcel goes."""
    store = SensoriumVectorStore(desk.for_owner(user))
    said = Document(text=f"the parcel goes to 5 {street}", id_="address")
    context = StorageContext.from_defaults(vector_store=store)
    return VectorStoreIndex.from_documents([said], storage_context=context, embed_model=MODEL)


def ask(index: VectorStoreIndex, question: str) -> str:
    """Return what a model would be told to answer a question.

    An index that was given a picture asks for pictures alone, so another one over its store asks.
    """
    asking = VectorStoreIndex.from_vector_store(index.vector_store, embed_model=MODEL)
    engine = asking.as_query_engine(llm=MockLLM(), similarity_top_k=1, text_qa_template=PROMPT)
    return " ".join(str(engine.query(question)).split())


def main() -> None:
    with Memory.open(":memory:", owner="desk", encoder=MODEL.encoder) as desk:
        ada = index_of(desk, "ada", "Elm Street")
        bob = index_of(desk, "bob", "Oak Road")
        for name in ("photo_dog.jpg", "sound_sea_waves.ogg"):
            for document in SensoriumReader().load_data(FOLDER / name):
                document.id_ = name
                ada.insert(document)
        for question in ("where does the parcel go?", "a puppy", "waves on a beach"):
            print("ada:", ask(ada, question))
        print("bob:", ask(bob, "where does the parcel go?"))

        corrected = Document(text="the parcel goes to 7 Elm Street", id_="address")
        ada.update_ref_doc(corrected)
        print("corrected:", ask(ada, "where does the parcel go?"))
        for name in ("photo_dog.jpg", "sound_sea_waves.ogg"):
            ada.delete_ref_doc(name)
        for user, index in (("ada", ada), ("bob", bob)):
            print(f"left of {user}:", [node.text for node in index.vector_store.get_nodes()])


if __name__ == "__main__":
    main()
