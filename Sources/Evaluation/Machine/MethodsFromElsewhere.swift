/// What Exp says for a method of other languages' values; nil for one that none of the tables has. Records and tables
/// have fields of any name: only what is called is a method, and what stands for no data, as `iloc`.
func methodFromElsewhere(_ name: String, of object: Value, isCalled: Bool) -> String? {
  let own: [String: String]
  switch object.tag {
  case .record: return isCalled ? recordMethods[name] : nil
  case .table: return isCalled || name == "iloc" || name == "loc" ? tableMethods[name] : nil
  case .module: return nil
  case .tensor: own = tensorMethods
  case .closure, .native, .overload, .bound: own = functionMethods
  case .string: own = stringMethods
  default: own = [:]
  }
  return own[name] ?? methodsFromElsewhere[name]
}

/// Of lists and strings, and of whatever has none of its own.
let methodsFromElsewhere: [String: String] = [
  "push": "`xs ++= [v]` adds at the end of a `var`", "append": "`xs ++= [v]` adds at the end of a `var`",
  "add": "`xs ++= [v]` adds at the end of a `var`", "extend": "`xs ++= ys` joins two lists",
  "pop": "values do not change: `last(xs)` is the last element, `xs[0..<length(xs) - 1]` the rest",
  "remove": "values do not change: `[x for x in xs if x != v]` is the list without it",
  "copy": unchanging, "clone": unchanging, "deepcopy": unchanging,
  "size": "`length(x)`, or `shape(t)` of a tensor", "len": "`length(x)`", "each": "write `for x in xs { … }`",
  "forEach": "write `for x in xs { … }`", "collect": "`[f(x) for x in xs]` makes a list", "contains": "write `v in xs`",
  "includes": "write `v in xs`", "indexOf": "`find(xs, x -> x == v)` gives the index",
  "index": "`find(xs, x -> x == v)` gives the index", "fold": "`reduce(xs, f, start)`",
  "inject": "`reduce(xs, f, start)`",
  "toUpperCase": "`upper(s)`", "toLowerCase": "`lower(s)`", "strip": "`trim(s)`",
  "format": "`\"{x:.2f}\"` formats in place", "toFixed": "`\"{x:.2f}\"` formats in place",
  "toString": "`text(x)`", "tolist": "`to_list(x)`",
]

let stringMethods: [String: String] = ["join": "the list stands first: `join(xs, \", \")`"]

let tensorMethods: [String: String] = [
  "T": "`transpose(t)`", "t": "`transpose(t)`", "item": "a tensor of one element is a number where one is wanted",
  "numpy": "`to_list(t)` makes lists of numbers", "append": "`concat([t, u])` joins tensors",
  "extend": "`concat([t, u])` joins tensors", "dim": "`rank(t)`",
  "data": "`t` itself: outside `grad` nothing is tracked",
  "to": oneDevice, "cuda": oneDevice, "cpu": oneDevice, "gpu": oneDevice, "float": "`cast(t, \"f32\")`",
  "double": "`cast(t, \"f64\")`", "long": "`cast(t, \"i64\")`", "int": "`cast(t, \"i32\")`",
  "contiguous": "leave it out: a tensor needs it nowhere",
  "requires_grad": gradient, "requires_grad_": gradient,
]

/// Of models, which are functions.
let functionMethods: [String: String] = [
  "parameters": "`params(net)`", "named_parameters": "`params(net)`", "weights": "`params(net)`",
  "get_weights": "`params(net)`", "state_dict": "`params(net)`; `save(net, \"net.safetensors\")` writes them",
  "load_state_dict": "`load(net, \"net.safetensors\")` is the model with the weights of a file",
  "fit": "`train(net, { x, y }, mse, steps: 100)` gives `{ model, history }`",
  "forward": "a model is called: `net(x)`", "predict": "a model is called: `net(x)`",
  "evaluate": "`accuracy(net, { x, y })`, or `loss_on(net, { x, y }, mse)`",
  "zero_grad": gradient, "to": oneDevice, "cuda": oneDevice, "cpu": oneDevice, "copy": unchanging, "clone": unchanging,
]

/// Of records, optimizers among them.
let recordMethods: [String: String] = [
  "items": "`for { key, value } in r { … }` goes through a record",
  "get": "a name that a record may lack: `if has(r, name) { r[name] } else { … }`",
  "update": "`{ ...r, lr: 0.2 }` is the record with another value",
  "copy": unchanging, "clone": unchanging, "deepcopy": unchanging,
  "has_key": "`has(r, name)`", "containsKey": "`has(r, name)`",
  "pop": "`without(r, \"a\")` is the record without a field",
  "step": optimizing, "zero_grad": optimizing, "minimize": optimizing,
]

let tableMethods: [String: String] = [
  "head": "`take(t, 5)`", "tail": "`t[-5..-1]`", "groupby": grouping,
  "iloc": "`t[0]` is a row, `t[0..<3]` are rows", "loc": "`where(t, r -> r.a > 1)`",
  "query": "`where(t, r -> r.a > 1)`", "iterrows": "`for row in t { … }`", "itertuples": "`for row in t { … }`",
  "mutate": "`with(t, r -> { c: r.a + r.b })`", "assign": "`with(t, r -> { c: r.a + r.b })`",
  "apply": "`[f(row) for row in t]`", "sort_values": "`sort(t, by: \"a\")`", "arrange": "`sort(t, by: \"a\")`",
  "drop": "`without(t, \"a\")`", "merge": "`join(t, other, by: \"a\")`", "to_csv": "`write_csv(t, \"rows.csv\")`",
  "names": "`columns(t)`", "size": extents, "shape": extents, "nrow": extents, "ncol": extents, "copy": unchanging,
  "clone": unchanging,
]

private let unchanging = "values do not change: there is nothing to copy"
private let oneDevice = "leave it out: there is one device; another element type is `cast(t, \"f64\")`"
private let gradient = "leave it out: `grad(f)(x)` gives the gradient of `f` at `x`, anew each time"
private let optimizing = "an optimizer is given to training: `train(net, { x, y }, mse, optimizer: adam(), steps: 100)`"
private let grouping = "`group(t, by: \"a\")` puts rows together, `mean(t, \"b\", by: \"a\")` summarises them"
private let extents = "`length(t)` counts the rows, `columns(t)` lists the columns"
