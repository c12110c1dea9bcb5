extension DiagnosticCatalogue {
  // swift-format-ignore
  static let values: [Entry] = [
    Entry("E0200", "a program raised this error itself", "`fail(\"text\")` raises an error with a text of the program's own. `try { … } catch e { … }` catches it; `e.message` is the text.",
      wrong: "fail(\"no data\")", right: "try { fail(\"no data\") } catch e { print(e.message) }"),
    Entry("E0201", "a call does not fit what is called", "The value is no function, or the function does not take these arguments. Calls of functions that are known before anything runs are checked then; this one was known only now.",
      wrong: "let fs = [x -> x + 1]\nfs[0](1, 2)", right: "let fs = [x -> x + 1]\nfs[0](1)"),
    Entry("E0202", "a condition is true or false", "Only booleans are conditions: neither numbers, nor empty lists, nor `none` count as one.",
      wrong: "let n = 3\nif n { print(n) }", right: "let n = 3\nif n > 0 { print(n) }"),
    Entry("E0203", "an operator or function does not take these kinds", "Operators work on numbers, tensors and trees of them, `+` also on two strings. A number becomes part of a string by interpolation.",
      wrong: "print(\"a\" + 1)", right: "print(\"a{1}\")"),
    Entry("E0204", "an integer overflows", "Integers have 64 bits, and a result that does not fit is an error rather than a wrong number. Floats reach further and are approximate.",
      wrong: "print(9_000_000_000_000_000_000 * 2)", right: "print(9e18 * 2)"),
    Entry("E0205", "integer division by zero", "`//` and `%` of integers need a divisor other than 0. `/` divides as floats and gives `inf`, `-inf` or `nan`.",
      wrong: "print(7 // 0)", right: "print(7 / 0)"),
    Entry("E0206", "an index is out of range", "Elements are counted from 0, and from the end by negative numbers: a list of three has 0, 1, 2 and -1, -2, -3.",
      wrong: "let xs = [1, 2, 3]\nprint(xs[3])", right: "let xs = [1, 2, 3]\nprint(xs[-1])"),
    Entry("E0207", "a value cannot be gone through, indexed or spread like this", "Loops, comprehensions and `...` go through lists, ranges, strings, tensors, tables and records; lists are indexed by integers and ranges, records by names.",
      wrong: "for i in 3 { print(i) }", right: "for i in 0..<3 { print(i) }"),
    Entry("E0208", "there is no such field", "The record, table or model has no field of this name. `r?.x` is `none` where r is `none`, and `a ?? b` is b where a is `none`.",
      wrong: "let r = { lr: 0.1 }\nprint(r.rate)", right: "let r = { lr: 0.1 }\nprint(r.lr)"),
    Entry("E0209", "a pattern does not fit the value", "A list pattern wants exactly as many elements as it names, unless it ends in `...` or `...rest`. A record pattern may leave fields out, but those it names must be there.",
      wrong: "let [a, b] = [1, 2, 3]", right: "let [a, b, ...] = [1, 2, 3]"),
    Entry("E0210", "a function got an argument of the wrong kind", "The message says which parameter, what it takes, and what it was given. A function of one's own takes only the kinds that its definitions name: `fn initial(s: string) = s[0]` is for strings alone.",
      wrong: "print(sqrt(\"four\"))", right: "print(sqrt(4))"),
    Entry("E0211", "a range or an order cannot be made of these", "A range of floats needs `by`, its step is not 0 and its ends are finite; sorting wants values of one kind.",
      wrong: "for x in 0.0..1.0 { print(x) }", right: "for x in 0.0..1.0 by 0.5 { print(x) }"),
    Entry("E0212", "a format does not fit, or nothing was given", "Formats in strings are Python's, such as `:.3f`, `:>8`, `:,` and `:.1%`, and want a value they can show. An empty list has no largest or smallest number.",
      wrong: "print(\"{1:wide}\")", right: "print(\"{1:>8}\")"),
    Entry("E0213", "columns of different lengths", "Every column of a table has as many values as the table has rows."),
    Entry("E0214", "a regular expression cannot be read", "Patterns are regular expressions as Swift reads them. A character such as ( [ . * + ? that stands for itself has a `\\` before it; in '…' strings `\\` and `{` stand for themselves.",
      wrong: "print(matches(\"f(x)\", '('))", right: "print(matches(\"f(x)\", '\\('))"),
    Entry("E0215", "a figure cannot be drawn", "A figure is a record with marks, each with a kind and the numbers that the kind takes; docs/natives.md has the list. The message says which part does not fit.",
      wrong: "show figure({ marks: [{ kind: \"line\", x: [1, 2], y: [3] }] })", right: "show figure({ marks: [{ kind: \"line\", x: [1, 2], y: [3, 4] }] })"),
    Entry("E0299", "an error without a text of its own", "Something failed in a way that Exp has no better words for yet. Please report it with the script that brings it about."),
  ]

  // swift-format-ignore
  static let limits: [Entry] = [
    Entry("E0301", "a function is too large", "One function can hold about 65 000 constants and values at once, and a file 60 000 top-level names. Split it, or read the data from a file."),
    Entry("E0302", "out of memory", "The program asked for more memory than it may use. `--max-memory` raises the limit; smaller batches, or fewer trials at once with `--threads`, need less."),
    Entry("E0303", "calls are nested too deeply", "A function called itself, directly or through others, too often. Usually the case in which it stops is missing or never met.",
      wrong: "fn down(n) = down(n - 1)\nprint(down(3))", right: "fn down(n) = if n <= 0 { 0 } else { down(n - 1) }\nprint(down(3))"),
    Entry("E0304", "a pattern takes too long", "A regular expression is matched by trying, and repetitions of repetitions, such as `(a+)+b` or `(a|a)*b`, can be tried in more ways than anybody waits for. One match may take ten seconds of processor time. Write the pattern so that each character can be matched in one way: `a+b`."),
    Entry("E0305", "a range is too long for a list", "A range takes no memory, but a list of all its numbers would. Loop over the range itself."),
    Entry("E0309", "interrupted", "Ctrl-C stopped the program. What was finished is kept, and `exp run --resume` goes on."),
  ]

  // swift-format-ignore
  static let tensors: [Entry] = [
    Entry("E0401", "shapes do not fit", "Elementwise operations want equal shapes, aligned at the last axis, where an axis of length 1 or a missing one is repeated. `@` wants the last axis of the left to equal the last but one of the right.",
      wrong: "print(zeros(2, 3) @ zeros(4, 5))", right: "print(zeros(2, 3) @ zeros(3, 5))"),
    Entry("E0402", "an element type does not fit", "Types are f32, f64, i32, i64 and bool. Masks are bool, ids whole numbers; `cast(x, \"i64\")` converts. `++` joins lists, `concat` tensors.",
      wrong: "print(not zeros(2))", right: "print(not (zeros(2) > 0))"),
    Entry("E0403", "there is no such axis", "Axes are counted from 0, and from the last by negative numbers. Each may be named once.",
      wrong: "print(sum(zeros(2, 3), axes: 2))", right: "print(sum(zeros(2, 3), axes: 1))"),
    Entry("E0404", "an index of a tensor is out of range, or no index", "A tensor is indexed by whole numbers, ranges, `..`, masks of its shape, and lists or tensors of ids, at most one per axis.",
      wrong: "print(zeros(3)[5])", right: "print(zeros(3)[-1])"),
    Entry("E0405", "this is no shape for these elements", "The product of a shape's axes is the number of elements, and the rows of a nested list are equally long.",
      wrong: "print(tensor([[1, 2], [3]]))", right: "print(tensor([[1, 2], [3, 4]]))"),
    Entry("E0406", "a tensor is too large", "The number of elements, or of bytes, of the shape does not fit into memory's addresses."),
    Entry("E0407", "a system has no solution of the wanted kind", "The matrix is singular, not positive definite, or did not converge, as the message says."),
    Entry("E0408", "a tensor of booleans is no condition", "A comparison of tensors gives a boolean per element. `all(c)` and `any(c)` make one of them, and `same(a, b)` compares whole values.",
      wrong: "if zeros(2) == zeros(2) { print(1) }", right: "if all(zeros(2) == zeros(2)) { print(1) }"),
    Entry("E0409", "trees are not built alike", "Arithmetic on records, lists and models goes leaf by leaf, so both sides have the same fields, lengths and kinds.",
      wrong: "print([1, 2] + [1, 2, 3])", right: "print([1, 2] ++ [1, 2, 3])"),
    Entry("E0412", "this cannot be drawn", "Bounds, counts or the key of a random draw make no sense together. Keys are whole numbers, as `key(…)` makes them."),
    Entry("E0413", "a library that this needs is not installed", "Some functions stand on a library that few studies need, such as GLPK for linear programs. The message names its package; everything else works without it, and `exp doctor` says what is there."),
  ]

  // swift-format-ignore
  static let gradients: [Entry] = [
    Entry("E0501", "a compiled function needs a value that is not known yet", "While a function is compiled, the contents of tensors are unknown. A branch, a loop bound or a shape cannot depend on them: use `where` or `cond`, or do not compile."),
    Entry("E0502", "a value of a compiled function is used outside of it", "What a compiled function computes leaves it only as its result."),
    Entry("E0503", "this cannot be compiled", "A compiled function is read once and then runs without its text, so printing, tracking, files and sweeps have no place in it. Return what is needed and use it outside."),
    Entry("E0504", "a model without trainable parameters", "The value holds functions but no `param` that is trainable, so there is nothing to differentiate by or to compute with."),
    Entry("E0505", "one param is reached by two paths", "A param that stands at two places of one value (tied weights) would get two gradients. Hold it in one place and pass it in, or make an independent copy with `untied(net)`."),
    Entry("E0506", "a param or state holds something else than a tensor", "A `param` holds a tensor of floating-point numbers, a `state` a tensor or a number."),
    Entry("E0507", "a function has no derivative", "Gradients cannot go through this function. `stop_gradient(x)` says that none is wanted."),
    Entry("E0508", "a model has no such weights", "The path names no weights of the model. Those it has are listed."),
    Entry("E0509", "nothing to differentiate", "`grad` wants a function that gives one number, and something with floating-point numbers to differentiate by.",
      wrong: "print(grad(x -> x * 2)(zeros(3)))", right: "print(grad(x -> sum(x * 2))(zeros(3)))"),
    Entry("E0510", "a state is assigned outside of training", "Only `value_and_grad(f, training: true)` opens the states of its model, and gives the model with its new ones as `next`. Everywhere else a model is used as it is; within the training of another one, as the teacher of a distillation is, say so: `evaluating(() -> teacher(x))`."),
    Entry("E0511", "a state keeps its shape", "What is assigned to a `state` has the shape it began with."),
    Entry("E0512", "a function was traced too often", "Every new structure, shape, or number that a shape or branch needs makes a new trace, and more than eight point to a mistake: usually a number that should be an argument, or a shape that changes. Where shapes do change, `compiled(f, forms: 32)` keeps so many, and so does `train(…, forms: 32)`."),
    Entry("E0513", "a loop's carry changes its form", "What `scan` hands from step to step keeps structure, shapes, types and frozen weights, so that one step stands for all. A number may become a tensor without axes at the first step; anything else starts in the form that it ends in.",
      wrong: "print(scan((c, x) -> { carry: c + x }, 0.0, ones(3, 2)).carry)", right: "print(scan((c, x) -> { carry: c + x }, zeros(2), ones(3, 2)).carry)"),
    Entry("E0514", "a state is assigned by each entry of a batch", "Inside `vmap` and `grid` the entries run side by side, so a `state` would get as many values as there are entries. Assign it outside, to something of all entries such as their mean, or go over the entries with `scan`."),
    Entry("E0515", "a NaN was made", "With `exp run --check-nan` the first operation on tensors whose result holds a NaN although its operands hold none is an error that names it and, inside of a loop that is compiled, the step, counted from 0. Plain numbers outside of compiled functions are not watched; what `vmap` computes for entries that take another branch, and `where` for elements that it leaves out, is. Usual reasons: the logarithm or a root of a negative number, 0 / 0, inf - inf, or a step so large that the weights overflow."),
  ]

  // swift-format-ignore
  static let studies: [Entry] = [
    Entry("E0601", "an option got a value of another kind", "`--set name=value` gives an option a value of the kind of its default. Bounds are a range or a list of choices."),
    Entry("E0602", "a value is out of bounds", "The value given for an option is not within the bounds it declares; a seed is an integer."),
    Entry("E0603", "a default is out of bounds", "The default of an option must itself be one of the values it allows."),
    Entry("E0604", "an option is declared twice", "Each option of a study is declared once."),
    Entry("E0605", "an expectation is not met", "`expect` in a test found its condition false. Both sides of a comparison are shown, and of lists, records, tables, tensors and models the first place at which they differ; with `≈` the largest difference, too.",
      wrong: "expect 1 + 1 == 3", right: "expect 1 + 1 == 2"),
    Entry("E0610", "a sweep's axes do not fit", "An axis goes through a list, range or tensor; axes that are zipped are equally long; a sweep has at most ten million points. A field of a trial's result, and a column that it tracks, cannot have a coordinate's name, unless it is that coordinate.",
      wrong: "let runs = sweep a in [1, 2], b in [1, 2, 3] zip { a + b }", right: "let runs = sweep a in [1, 2], b in [1, 2] zip { a + b }"),
    Entry("E0611", "a point stands twice in a sweep", "Two trials with the same coordinates would be the same trial. To repeat one with other random numbers, add an axis such as `rep in 1..5`.",
      wrong: "let runs = sweep a in [1, 1] { a }", right: "let runs = sweep a in [1], rep in 1..2 { a }"),
  ]

  // swift-format-ignore
  static let files: [Entry] = [
    Entry("E0701", "a file cannot be read", "The file is not where it was looked for, or the study may not read there: a script reads its own folder, the data folder (`--data DIR`, EXP_DATA) and what `--allow-read` names."),
    Entry("E0702", "a file cannot be used", "The file is not of the expected form, or the study may not write there: a script writes its run folder and what `--allow-write` names. Or another trial of the sweep uses it, and one of the two writes: trials run in any order, so such files are named after the point."),
    Entry("E0705", "a file's contents do not fit", "A file of tensors lacks a name that is needed, or is damaged."),
    Entry("E0710", "the standard library is missing", "Exp looks for the folder `stdlib` beside its binary and where EXP_STDLIB points."),
    Entry("E0711", "an imported file cannot be read", "`use \"./file.exp\" as name` looks for the file beside the one that imports it."),
    Entry("E0712", "files import each other", "A file that is imported may import others, but none that is waiting for it. Move what both need into a file of its own."),
    Entry("E0713", "an imported file speaks for the study", "Options, the seed, claims and citations are the study's: in a file that it imports they would be passed over. Declare an option in the study and pass its value to the functions that need it; what a file itself promises stands in `test` blocks, which `exp test` runs."),
  ]

  // swift-format-ignore
  static let records: [Entry] = [
    Entry("E0801", "a run could not be recorded", "Writing the run's folder failed, for the reason given. A run that is not recorded has failed, whatever it computed."),
    Entry("E0802", "a trial has two results", "Two processes ran the same trial and found different results, where both must find the same bits. The message names where each stands. Either Exp is at fault or a machine is; please report it."),
    Entry("E0803", "workers died over a trial", "Three workers, one after the other, ended without a word while they ran this trial, so it is not tried again in this run. It may need more memory than they had. `exp run study.exp --resume` tries it again."),
    Entry("E0804", "a run cannot be gone on with", "The folder has no readable run.json, or its study, options or seed differ from those that it was begun with, or somebody is at work on it now."),
  ]
}
