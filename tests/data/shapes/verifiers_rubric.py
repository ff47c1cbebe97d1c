def extract_answer(completion):
    return completion[-1]["content"].split("####")[-1].strip()


async def correct_answer(completion, answer) -> float:
    return 1.0 if extract_answer(completion) == answer else 0.0


def short_enough(prompt, completion, state) -> float:
    return 1.0 if len(completion[-1]["content"]) < 40 and state["answer"] else 0.0
