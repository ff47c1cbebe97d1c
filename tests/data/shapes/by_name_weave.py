def match_score(answer: str, output: str) -> dict:
    # answer is a column of the dataset, output the model's
    return {"match": answer in output, "length": len(output)}
