"""A support desk with two users, who send pictures and voice notes. It needs no model and no key.

Each run names its user, and finds that user's memories alone. What was wrong is corrected, and what
a user no longer wants to be known is forgotten.
"""

from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig, RunnablePassthrough

from sensorium.langchain import SensoriumRetriever, SensoriumVectorStore
from sensorium.memory import Memory
from sensorium.samples import FOLDER

PROMPT = ChatPromptTemplate.from_template("What is known:\n{known}\nQuestion: {question}")


def of_user(user: str) -> RunnableConfig:
    return {"configurable": {"user": user}}


def main() -> None:
    with Memory.open(":memory:", owner="desk") as desk:
        ada = SensoriumVectorStore(desk.for_owner("ada"))
        bob = SensoriumVectorStore(desk.for_owner("bob"))
        ada.add_images([FOLDER / "photo_dog.jpg"], [{"about": "my dog"}], ids=["dog"])
        ada.add_audio([FOLDER / "sound_sea_waves.ogg"], [{"about": "the call"}], ids=["call"])
        ada.add_texts(["the parcel goes to 5 Elm Street"], ids=["address"])
        bob.add_texts(["the parcel goes to 9 Oak Road"], ids=["address"])

        known = SensoriumRetriever(memory=desk, k=1, owner=lambda run: run["configurable"]["user"])
        lines = known | (lambda documents: "\n".join(one.page_content for one in documents))
        ask = {"known": lines, "question": RunnablePassthrough()} | PROMPT
        for user in ("ada", "bob"):
            print(f"{user}:", ask.invoke("where does the parcel go?", of_user(user)).to_string())
        for question in ("a puppy", "waves on a beach"):
            print("ada:", known.invoke(question, of_user("ada"))[0].page_content.split(",")[0])

        [address] = ada.get_by_ids(["address"])
        address.page_content = "the parcel goes to 7 Elm Street"
        ada.update_document("address", address)
        print("corrected:", known.invoke("the parcel", of_user("ada"))[0].page_content)
        ada.delete(filter={"$or": [{"modality": "audio"}, {"about": "my dog"}]})
        print("left:", ada.get()["ids"], "and of bob:", bob.get()["ids"])


if __name__ == "__main__":
    main()
