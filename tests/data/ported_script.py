"""Explain a term to a child in one short sentence: two stages, tried again until the reward is satisfied."""
import os

import dspy


class Explain(dspy.Module):
    def __init__(self):
        super().__init__()
        self.draft = dspy.ChainOfThought("term -> explanation")
        self.shorten = dspy.Predict("explanation, audience -> sentence, words: int")

    def forward(self, term):
        draft = self.draft(term=term)
        return self.shorten(explanation=draft.explanation, audience="a child of six")


def short_and_to_the_point(args, pred):
    names_it = args["term"].lower() in pred.sentence.lower()
    return 0.5 * names_it + 0.5 * (pred.words <= 12)


dspy.configure(lm=dspy.LM("openai/tiny", api_base=os.environ["API_BASE"], api_key=os.environ["API_KEY"]))
explain = dspy.Refine(Explain(), N=3, reward_fn=short_and_to_the_point, threshold=1.0)
tide = explain(term="tide")
print(tide.sentence)

shown = {"explanation": "The moon pulls at the sea.", "audience": "a child of six"}
explain.module.shorten.demos = [dspy.Example(**shown, sentence=tide.sentence, words=tide.words)]
explain.save("explain.json")

again = dspy.Refine(Explain(), N=3, reward_fn=short_and_to_the_point, threshold=1.0)
again.load("explain.json")
terms = [dspy.Example(term=term).with_inputs("term") for term in ("echo", "magnet", "fog")]
for example, made in zip(terms, again.batch(terms, num_threads=3, disable_progress_bar=True)):
    print(f"{example.term}: {made.sentence} ({made.words} words)")
