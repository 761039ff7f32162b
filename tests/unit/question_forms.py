"""Small questions files for tests: one entry of one form, and one entry of each."""

CHOICE = """
[[question]]
id = "90a"
kind = "predict"
prompt = "What comes out of `f(<x>)`?"
answer = "B"
rule = "It doubles."
[question.choices.A]
text = "one"
reply = "One is not doubled."
misconception = "nothing happens"
[question.choices.B]
text = "two"
reply = "Twice one."
[question.choices.C]
text = "three"
reply = "That is tripled."
misconception = "doubling is tripling"
"""

FORMS = (
    CHOICE
    + """
[[number]]
id = "90n"
kind = "predict"
prompt = "How many are there?"
answer = 1438
tolerance = 2
unit = "samples"
reply = "All but the test set."
rule = "Four fifths."
otherwise = "Count the rows."
[[number.wrong]]
value = 1797
reply = "<b>Those</b> are all of them."
misconception = "nothing is set aside"
[[number.wrong]]
value = 360
tolerance = 1
reply = "Those are for testing."
misconception = "training and test are mixed up"

[[text]]
id = "90t"
kind = "retrieval"
prompt = "Which function finds the place of the largest?"
accept = ["argmax", "np.argmax"]
reply = "The place, not the value."
rule = "`argmax` hands back a place."
otherwise = "It begins with arg."
[[text.wrong]]
values = ["max", "np.max"]
reply = "That is the value."
misconception = "the largest value is its place"

[[order]]
id = "90o"
kind = "exit"
prompt = "Put the lines in order."
lines = ["model = build()", "model.compile()", "    model.fit(x < 1)", "save(model)"]
also = [[1, 0, 2, 3]]
reply = "Saved at the end."
rule = "Compile, fit, save."
otherwise = "Read them aloud."
[[order.wrong]]
before = [2, 1]
reply = "fit needs compile."
misconception = "fit compiles by itself"
[[order.wrong]]
before = [3, 2]
reply = "What was saved has learnt nothing."
misconception = "saving is for later"

[[number]]
id = "90f"
kind = "final"
objective = "say what comes out"
lesson = "90"
prompt = "Two and two?"
answer = 4
reply = "Four."
rule = "Add."
otherwise = "Count."
[[number.wrong]]
value = 22
reply = "Those are texts."
misconception = "digits are joined"

[[exercise]]
id = "90-double"
because = "two is one and one."
hints = ["Look at one.", "Add one to one."]
expect = { values = 2 }
"""
)
