/// What to write for a name that other languages have and Exp has not.
public enum Counterpart: Equatable {
  /// A function that is called in the same way.
  case function(String)
  /// An expression, or a word, in its place.
  case expression(String)
  /// A sentence.
  case advice(String)

  /// As it stands beside the underlined name.
  public var told: String {
    switch self {
    case .function(let name): "did you mean `\(name)`?"
    case .expression(let text): "Exp says `\(text)`"
    case .advice(let text): text
    }
  }

  /// Where the name may also be a misspelt one of the program's own.
  func besides(_ name: String) -> String {
    switch self {
    case .function(let ours), .expression(let ours): "what other languages call `\(name)` is `\(ours)`"
    case .advice(let text): text
    }
  }
}

/// What stands for a name of other languages; nil for a name that none of the tables has.
public func counterpart(of name: String, isKnown: (String) -> Bool) -> Counterpart? {
  if let ours = namesFromElsewhere[name] { return isKnown(ours) ? .function(ours) : .expression(ours) }
  return (advice[name] ?? namespaces[name]).map { .advice($0) }
}

/// What stands for the member of a module of another language, such as `relu` of `F.relu`.
func counterpart(of member: String, in module: String, isKnown: (String) -> Bool) -> Counterpart? {
  guard namespaces[module] != nil else { return nil }
  if let told = callsFromElsewhere[member] { return .advice(told) }
  if isKnown(member) { return .advice("functions stand by themselves: `\(member)(…)`") }
  guard case .function(let ours)? = counterpart(of: member, isKnown: isKnown) else {
    return namespaces[member] == nil ? counterpart(of: member, isKnown: isKnown) : nil
  }
  return .advice("functions stand by themselves: `\(ours)(…)`")
}

/// What people who come from other languages write, and what Exp says.
let namesFromElsewhere: [String: String] = [
  // Words and values.
  "None": "none", "null": "none", "nil": "none", "undefined": "none", "NULL": "none", "nothing": "none",
  "missing": "none", "True": "true", "False": "false", "TRUE": "true", "FALSE": "false", "NA": "nan", "NaN": "nan",
  "Inf": "inf", "Infinity": "inf", "def": "fn", "lambda": "x -> …", "const": "let", "elif": "else if", "raise": "fail",
  "throw": "fail", "stop": "fail", "forEach": "for x in xs { … }", "each": "for x in xs { … }",
  // Operators.
  "pow": "x^2", "power": "x^2", "mod": "a % b", "matmul": "a @ b", "mm": "a @ b", "bmm": "a @ b", "append": "xs ++ [v]",
  "push": "xs ++ [v]", "range": "0..<n", "arange": "0..<n", "seq_len": "1..n", "seq_along": "0..<length(xs)",
  "contains": "v in xs", "includes": "v in xs", "isin": "v in xs", "equal": "a == b", "array_equal": "a == b",
  "strcmp": "a == b", "allclose": "a ≈ b", "isclose": "a ≈ b", "isapprox": "a ≈ b", "hypot": "sqrt(a^2 + b^2)",
  "gradient": "grad(f)(x)", "fold": "reduce(xs, f, start)", "foldl": "reduce(xs, f, start)",
  "foldr": "reduce(xs, f, start)", "tail": "xs[-2..-1]",
  // Kinds and conversions.
  "str": "text", "repr": "text", "num2str": "text", "string": "text", "to_string": "text", "toString": "text",
  "float": "to_float", "double": "to_float",
  "int": "to_int", "trunc": "to_int", "bool": "x != 0", "parse": "to_float(\"1.5\")", "float32": "cast(t, \"f32\")",
  "float64": "cast(t, \"f64\")",
  "int32": "cast(t, \"i32\")", "int64": "cast(t, \"i64\")", "eltype": "dtype", "type": "kind",
  "typeof": "kind", "isinstance": "kind(x) == \"list\"", "is_a": "kind(x) == \"list\"", "list": "to_list",
  "tuple": "to_list", "collect": "to_list", "dict": "{ a: 1, b: 2 }", "Dict": "{ a: 1, b: 2 }",
  "struct": "{ a: 1, b: 2 }",
  "array": "tensor", "asarray": "tensor", "as_tensor": "tensor", "from_numpy": "tensor", "DataFrame": "table",
  "data_frame": "table", "tibble": "table", "astype": "cast(t, \"f64\")",
  // Lists, texts, tables.
  "len": "length", "size": "shape", "nchar": "length", "println": "print", "disp": "print", "display": "print",
  "toUpperCase": "upper", "toLowerCase": "lower", "toupper": "upper", "tolower": "lower", "uppercase": "upper",
  "lowercase": "lower", "strsplit": "split", "open": "read_text", "lapply": "map", "sapply": "map", "vapply": "map",
  "sorted": "sort", "reversed": "reverse", "rev": "reverse", "set": "distinct",
  "isempty": "is_empty", "colnames": "columns", "head": "take", "value_counts": "tally",
  "unlist": "flatten", "ifelse": "where", "subset": "where(t, r -> r.a > 1)", "readmatrix": "read_csv",
  "loadtxt": "read_csv",
  // Numbers and statistics.
  "stddev": "sd", "std": "sd", "prod": "product", "argsort": "order", "average": "mean", "avg": "mean", "ln": "log",
  "lgamma": "log_gamma", "gammaln": "log_gamma", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
  "arctan2": "atan2", "absolute": "abs", "fabs": "abs", "amax": "max", "amin": "min", "isnan": "is_nan",
  "isfinite": "is_finite", "corrcoef": "correlation", "cor": "correlation", "cov": "covariance",
  "which_max": "argmax", "which_min": "argmin", "rowSums": "sum(t, axes: 1)", "colSums": "sum(t, axes: 0)",
  "rowMeans": "mean(t, axes: 1)", "colMeans": "mean(t, axes: 0)", "lm": "linear_fit(x, y)",
  // Tensors.
  "concatenate": "concat", "cat": "concat", "dot_product": "dot", "lstsq": "least_squares", "inv": "inverse",
  "numel": "size", "dim": "shape", "ndarray": "tensor", "identity": "eye", "eigvals": "eigenvalues",
  "eigvalsh": "eigenvalues", "empty": "zeros", "full_like": "full(shape(t), 0.5)", "ndim": "rank", "ndims": "rank",
  "view": "reshape", "logdet": "log_det", "slogdet": "log_det",
  "randn": "normal", "rand": "uniform", "randperm": "permutation", "sample": "choice",
  // Networks.
  "avg_pool": "average_pool", "avg_pool1d": "average_pool", "avg_pool2d": "average_pool", "max_pool1d": "max_pool",
  "max_pool2d": "max_pool", "conv1d": "conv(…, axes: 1)", "conv2d": "conv(…, axes: 2)",
  "Conv1d": "conv(…, axes: 1)", "Conv2d": "conv(…, axes: 2)", "Linear": "dense", "Dense": "dense",
  "Sequential": "sequential", "ReLU": "relu", "Dropout": "dropout", "Embedding": "embedding", "LayerNorm": "layer_norm",
  "BatchNorm1d": "batch_norm", "BatchNorm2d": "batch_norm", "LSTM": "lstm", "GRU": "gru", "RNN": "rnn",
  "Adam": "adam()", "AdamW": "adamw()", "SGD": "sgd(lr: 0.1)", "RMSprop": "rmsprop()",
  "nll": "cross_entropy", "nll_loss": "cross_entropy", "mse_loss": "mse",
  "parameters": "params",
]

/// Arguments as other frameworks name them, and what Exp's functions call them; the first that a function takes is meant.
private let argumentsFromElsewhere: [String: [String]] = [
  "dim": ["axes", "axis"], "dims": ["axes", "axis"], "keepdim": ["keep"], "keepdims": ["keep"],
  "lr": ["optimizer: adam(lr: …)"], "learning_rate": ["lr", "optimizer: adam(lr: …)"], "batch_size": ["batch"],
  "key": ["by"], "reverse": ["descending"], "decreasing": ["descending"], "rev": ["descending"],
]

/// What an argument that a function does not take may be meant for, among those that it takes.
func nearArguments(_ name: String, among names: [String]) -> [String] {
  let near = nearNames(name, among: names)
  if !near.isEmpty { return near }
  return (argumentsFromElsewhere[name] ?? []).filter { names.contains(String($0.prefix { $0 != ":" })) }
}

/// Functions of the library that people call as those of other frameworks, and what does what they want.
public let callsFromElsewhere: [String: String] = [
  "plot": "it draws columns of a table; of values `lines(x, { name: y })` draws curves and `scatter(x, y)` points",
  "round": "decimals are chosen where a number is shown: `\"{x:.2f}\"`",
  "where":
    "`where(c, a, b)` takes a where the condition holds and b elsewhere; the entries that a mask picks are `t[mask]`",
  "heatmap": "columns of a table are drawn by `heatmap_of(t, x: \"a\", y: \"b\", z: \"c\")`",
]

/// Modules of other languages, in front of a point, and what to say where what stands behind it says nothing better.
let namespaces: [String: String] = [
  "np": "functions stand by themselves, as in `zeros(2, 3)`",
  "numpy": "functions stand by themselves, as in `zeros(2, 3)`",
  "jnp": "functions stand by themselves, as in `zeros(2, 3)`",
  "jax": "functions stand by themselves, as in `grad(f)(x)`",
  "random": "functions stand by themselves, as in `uniform(3)` and `normal(3)`",
  "linalg": "functions stand by themselves, as in `svd(a)` and `norm(x)`",
  "torch": "functions stand by themselves, as in `zeros(2, 3)`",
  "tf": "functions stand by themselves, as in `zeros(2, 3)`",
  "nn": "layers stand by themselves, as in `dense(3, 4)`; behind `use nn` also `nn.dense(3, 4)`",
  "keras": "layers stand by themselves, as in `dense(3, 4)`",
  "F": "functions stand by themselves, as in `relu(x)`",
  "optim": "optimizers stand by themselves: `train(net, { x, y }, mse, optimizer: adam(), steps: 100)`",
  "Math": "functions stand by themselves, as in `sqrt(2)`",
  "math": "functions stand by themselves, as in `sqrt(2)`",
  "pd": "functions stand by themselves, as in `read_csv(\"file.csv\")`; rows become a table by `table(rows)`",
  "plt": "figures are values: `plot(table, x: \"a\", y: \"b\")`",
]

/// What people write who look for something that Exp has no name for, and what to tell them.
let advice: [String: String] = [
  "_": "in a session it is the last result, and there is none",
  "ls": "in a session `:vars` lists the names", "dir": "in a session `:vars` lists the names",
  "whos": "in a session `:vars` lists the names",
  "gather": "entries of the first axis are `x[ids]`, one of each row `pick(x, ids)`",
  "clear": "in a session Ctrl-L clears the screen, `:undo` takes back a cell",
  "self": "a function sees what it captured by its names", "this": "a function sees what it captured by its names",
  "os": "a study reads the files that it names, as in `read_csv(\"file.csv\")`",
  "sys": "a study takes what changes as options: `option n = 3`",
  "exit": "a script ends with its last line, a session with Ctrl-D; `fail(\"…\")` stops",
  "quit": "a script ends with its last line, a session with Ctrl-D; `fail(\"…\")` stops",
  "help": "`?name` in a session and `exp doc name` explain a name",
  "input": "a study takes what changes as options: `option n = 3`",
  "matrix": "a matrix is a tensor: `tensor([[1, 2], [3, 4]])`", "seq": "a range is written `1..10 by 2`",
  "assert": "write `expect condition` inside a `test`, or `claim \"text\" { condition }`",
  "it": "a function is written `x -> x > 1`", "end": "blocks stand in braces, and end with `}`",
  "library": "the library is there without it", "require": "the library is there without it",
  "pass": "an empty block is `{ }`", "console": "a value is shown by `print(x)`",
  "c": "nothing binds it; a list is written `[1, 2, 3]`", "nrow": "the rows of a table are counted by `length(t)`",
  "ncol": "the columns of a table are counted by `length(columns(t))`",
  "function": "a function is written `x -> x + 1`, one of several statements `fn(x) { … }`",
  "format": formatted, "sprintf": formatted, "printf": "values are formatted in a text: `print(\"{x:.2f}\")`",
  "fprintf": "values are formatted in a text: `print(\"{x:.2f}\")`",
  "paste": "texts are put together by `\"{a} {b}\"`, those of a list by `join(xs, \" \")`",
  "paste0": "texts are put together by `\"{a}{b}\"`, those of a list by `join(xs)`",
  "strcat": "texts are put together by `\"{a}{b}\"`, those of a list by `join(xs)`",
  "gsub": "every occurrence is replaced by `replace(s, \"a\", \"b\")`",
  "backward": "the gradient of `f` at `x` is `grad(f)(x)`",
  "hist": "`histograms(xs)` draws one, `histogram(xs)` counts",
  "hstack": "tensors are joined along the last axis by `concat([a, b], axis: -1)`", "hcat": sideBySide,
  "column_stack": sideBySide, "cbind": sideBySide,
  "vstack": "matrices are joined row by row by `concat([a, b], axis: 0)`, vectors become rows by `stack([a, b])`",
  "row_stack": "matrices are joined row by row by `concat([a, b], axis: 0)`, vectors become rows by `stack([a, b])`",
  "vcat": "tensors are joined along the first axis by `concat([a, b], axis: 0)`",
  "rbind": "matrices are joined row by row by `concat([a, b], axis: 0)`, vectors become rows by `stack([a, b])`",
  "permute": "all axes in another order: `transpose(t, [1, 0])`",
  "swapaxes": "the last two axes are exchanged by `transpose(t)`, all ordered by `transpose(t, [1, 0])`",
  "squeeze": "axes of one entry go by `reshape(t, [n for n in shape(t) if n != 1])`",
  "unsqueeze": oneMoreAxis, "expand_dims": oneMoreAxis,
  "expand": "a larger shape is filled by `broadcast(t, [3, 2])`",
  "broadcast_to": "a larger shape is filled by `broadcast(t, [3, 2])`",
  "repmat": "a tensor is laid side by side by `tile(t, [2, 3])`",
  "ravel": "all entries in a row: `reshape(t, -1)`",
  "percentile": "shares stand for percents: `quantile(xs, 0.95)`",
  "rnorm": "draws are `normal(5, mean: 0, sd: 1)`", "runif": "draws are `uniform(5, low: 0, high: 1)`",
  "detach": "no gradient passes through `stop_gradient(x)`; outside `grad` nothing is to be detached",
  "diag": "`diagonal(t)` takes it out of a matrix, `diagonal_matrix(x)` makes a matrix of it",
  "diff": "neighbours are subtracted by `x[1..<length(x)] - x[0..<length(x) - 1]`",
  "logspace": "numbers at equal ratios are `log_range(1, 1000, 4)`",
  "names": "`keys(r)` lists the fields of a record, `columns(t)` the columns of a table",
  "which": places, "findall": places, "argwhere": places, "nonzero": places,
  "rep": filled, "fill": filled,
  "apply": "`map(xs, f)` goes through a list; tensors are summarised along an axis, as by `sum(t, axes: 1)`",
  "normalize": "`standardize(x)` gives columns mean 0 and deviation 1, `x / norm(x)` a vector length 1",
  "scale": "`standardize(x)` gives columns mean 0 and deviation 1",
  "polyfit":
    "a line is `linear_fit(x, y)`; other powers are columns: `least_squares(stack([x^0, x, x^2], axis: 1), y)`",
  "meshgrid": "`grid(xs, ys, (x, y) -> x * y)` gives the values of a function on a grid",
  "xlabel": labels, "ylabel": labels, "legend": "curves are named in a record: `lines(x, { name: y })`",
  "imshow": "`images(x)` draws pictures, `heatmap(z: t)` the entries of a matrix",
  "savefig": "`show` puts a figure into the report, and `exp export RUN --to svg` writes it into a file",
  "tic": timed, "toc": timed, "super": "there are no classes: a function sees what it captured by its names",
  "copy": unchanged, "clone": unchanged, "deepcopy": unchanged,
  "MSELoss": "a loss is a function: `mse(outputs, targets)`, and `train(net, { x, y }, mse, steps: 100)`",
  "CrossEntropyLoss":
    "a loss is a function: `cross_entropy(logits, labels)`, and `train(net, { x, y }, cross_entropy, steps: 100)`",
  "NLLLoss": "a loss is a function: `cross_entropy(logits, labels)`, of outputs before any softmax",
  "BCEWithLogitsLoss": "a loss is a function: `binary_cross_entropy(logits, targets)`",
  "BCELoss": "a loss is a function: `binary_cross_entropy(logits, targets)`, of outputs before any sigmoid",
  "DataLoader": "`train(net, { x, y }, mse, batch: 32, epochs: 10)` draws the batches",
  "time": timed,
  "now": "a study reads no clock: the same text gives the same numbers",
  "today": "a study reads no clock: the same text gives the same numbers",
  "logical_and": "of tensors element by element it is `where(a, b, false)`",
  "logical_or": "of tensors element by element it is `where(a, true, b)`", "logical_not": "it is written `not a`",
]

private let formatted = "a number in a text is formatted behind a colon: `\"{x:.2f}\"`"
private let sideBySide =
  "matrices are joined side by side by `concat([a, b], axis: 1)`, vectors become columns by `stack([a, b], axis: 1)`"
private let oneMoreAxis =
  "an axis of one entry: `reshape(t, 1, ...shape(t))` in front, `reshape(t, ...shape(t), 1)` behind"
private let places =
  "`[i for i in 0..<length(xs) if xs[i] > 1]` lists the places, `t[t > 1]` the entries of a tensor"
private let filled = "one number everywhere is `full([3], 0.5)`; entries are repeated by `repeat(t, 2)`"
private let labels = "a figure's labels are arguments: `lines(x, { y }, x_label: \"time\", y_label: \"height\")`"
private let timed = "a session times a cell by `:time`, and `exp profile study.exp` a study"
private let unchanged = "values do not change: there is nothing to copy"
