/// The names nearest to a misspelt one, nearest first; at most three, and none that are far off.
public func nearNames(_ name: String, among candidates: some Sequence<String>) -> [String] {
  let wanted = Array(name.unicodeScalars)
  guard wanted.count <= 100 else { return [] }
  let limit = wanted.count < 2 ? 0 : max(1, wanted.count / 3)
  var found: [(distance: Int, name: String)] = []
  for candidate in Set(candidates) where candidate != name {
    let scalars = Array(candidate.unicodeScalars)
    if candidate.lowercased() == name.lowercased() {
      found.append((0, candidate))
    } else if abs(scalars.count - wanted.count) <= limit, !scalars.isEmpty {
      let distance = editDistance(wanted, scalars)
      // Of two letters one must agree; a name must not be replaced whole.
      if distance <= limit, distance < min(wanted.count, scalars.count) { found.append((distance, candidate)) }
    }
  }
  return Array(found.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name))
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  var before = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in 0..<a.count {
    var row = [i + 1]
    row.reserveCapacity(b.count + 1)
    for j in 0..<b.count {
      var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, before[j - 1] + 1) }
      row.append(best)
    }
    before = last
    last = row
  }
  return last[b.count]
}

/// What people who come from other languages write, and what Exp says.
let namesFromElsewhere: [String: String] = [
  "None": "none", "null": "none", "nil": "none", "undefined": "none", "True": "true", "False": "false", "TRUE": "true",
  "FALSE": "false", "NULL": "none", "NA": "nan", "NaN": "nan", "Inf": "inf",
  "Infinity": "inf", "len": "length", "size": "shape", "println": "print", "printf": "print", "def": "fn",
  "function": "fn", "lambda": "x -> …", "const": "let", "pow": "^",
  "elif": "else if", "toUpperCase": "upper", "toLowerCase": "lower", "forEach": "for x in xs { … }",
  "raise": "fail", "throw": "fail", "randn": "normal", "rand": "uniform",
  "open": "read_text", "hist": "histogram",
  "str": "text", "append": "++", "push": "++", "range": "0..<n", "arange": "0..<n", "matmul": "@", "dot_product": "dot",
  "float": "to_float", "int": "to_int", "type": "kind", "typeof": "kind",
  "isinstance": "kind", "is_a": "kind", "stddev": "sd", "std": "sd", "prod": "product", "argsort": "order",
  "avg_pool": "average_pool", "avg_pool1d": "average_pool", "avg_pool2d": "average_pool", "max_pool1d": "max_pool",
  "max_pool2d": "max_pool", "lstsq": "least_squares", "conv1d": "conv(…, axes: 1)", "conv2d": "conv(…, axes: 2)",
  "concatenate": "concat", "cat": "concat", "ln": "log", "lgamma": "log_gamma", "gammaln": "log_gamma",
  "inv": "inverse",
  "astype": "cast", "nll": "cross_entropy", "nll_loss": "cross_entropy", "set": "unique", "average": "mean",
  "avg": "mean",
  "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "absolute": "abs", "fabs": "abs",
  "amax": "max",
  "amin": "min", "power": "^", "mod": "%", "isnan": "is_nan", "isfinite": "is_finite", "isempty": "is_empty", "mm": "@",
  "bmm": "@", "corrcoef": "correlation", "cor": "correlation", "cov": "covariance", "percentile": "quantile",
  "numel": "size",
  "ndim": "rank", "permute": "transpose", "swapaxes": "transpose", "squeeze": "reshape", "unsqueeze": "reshape",
  "expand_dims": "reshape", "view": "reshape", "repmat": "tile", "expand": "broadcast", "randperm": "permutation",
  "rnorm": "normal", "runif": "uniform", "sample": "choice", "logdet": "log_det",
  "slogdet": "log_det",
  "lapply": "map", "sapply": "map", "paste": "join", "strsplit": "split", "gsub": "replace", "disp": "print",
  "fprintf": "print",
]

/// Arguments as other frameworks name them, and what Exp's functions call them; the first that a function takes is meant.
private let argumentsFromElsewhere: [String: [String]] = [
  "dim": ["axes", "axis"], "dims": ["axes", "axis"], "keepdim": ["keep"], "keepdims": ["keep"],
  "lr": ["optimizer: adam(lr: …)"], "learning_rate": ["lr", "optimizer: adam(lr: …)"], "batch_size": ["batch"],
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

/// What people write who look for something that Exp has no name for, and what to tell them.
let advice: [String: String] = [
  "_": "in a session it is the last result, and there is none",
  "ls": "in a session `:vars` lists the names", "dir": "in a session `:vars` lists the names",
  "whos": "in a session `:vars` lists the names",
  "gather": "entries of the first axis are `x[ids]`, one of each row `take_along(x, ids, axis: 1)`",
  "clear": "in a session Ctrl-L clears the screen, `:undo` takes back a cell",
  "self": "a function sees what it captured by its names", "this": "a function sees what it captured by its names",
  "np": "functions stand by themselves, as in `zeros(2, 3)`",
  "random": "functions stand by themselves, as in `uniform(3)` and `normal(3)`",
  "torch": "functions stand by themselves, as in `zeros(2, 3)`",
  "nn": "layers stand by themselves, as in `dense(3, 4)`; behind `use nn` also `nn.dense(3, 4)`",
  "Math": "functions stand by themselves, as in `sqrt(2)`",
  "exit": "a script ends with its last line, a session with Ctrl-D; `fail(\"…\")` stops",
  "quit": "a script ends with its last line, a session with Ctrl-D; `fail(\"…\")` stops",
  "help": "`?name` in a session and `exp doc name` explain a name",
  "input": "a study takes what changes as options: `option n = 3`",
  "math": "functions stand by themselves, as in `sqrt(2)`",
  "matrix": "a matrix is a tensor: `tensor([[1, 2], [3, 4]])`", "seq": "a range is written `1..10 by 2`",
  "assert": "write `expect condition` inside a `test`, or `claim \"text\" { condition }`",
  "it": "a function is written `x -> x > 1`", "end": "blocks stand in braces, and end with `}`",
  "library": "the library is there without it", "require": "the library is there without it",
  "pass": "an empty block is `{ }`", "console": "a value is shown by `print(x)`",
  "c": "nothing binds it; a list is written `[1, 2, 3]`", "nrow": "the rows of a table are counted by `length(t)`",
  "format": "a number in a text is formatted behind a colon: `\"{x:.2f}\"`",
  "backward": "the gradient of `f` at `x` is `grad(f)(x)`",
  "time": "a session times a cell by `:time`, and `exp profile study.exp` a study",
  "now": "a study reads no clock: the same text gives the same numbers",
  "today": "a study reads no clock: the same text gives the same numbers",
  "plt": "figures are values: `plot(table, x: \"a\", y: \"b\")`",
]
