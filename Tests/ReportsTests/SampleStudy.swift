import Foundation
import Records

/// A study that has one of everything.
enum SampleStudy {
  static let table = Table(columns: [
    .init("width", [2, 6, 56, 512].map(Datum.int)), .init("params", [57, 161, 1461, 13317].map(Datum.int)),
    .init("train_mse", [0.60413, 0.3312, 0.00098, 0].map(Datum.float)),
    .init("train_mse_se", [0.0112, 0.0093, 0.0001, 0].map(Datum.float)),
    .init("test_mse", [0.6201, 0.5523, 2.4204, 0.9632].map(Datum.float)),
    .init("test_mse_se", [0.0102, 0.0131, 0.0512, 0.0094].map(Datum.float)),
  ])

  static let manyRows = Table(
    columns: [
      .init("name", (0..<60).map { .string($0 % 7 == 0 ? "日本 \($0)" : "trial \($0)") }),
      .init("lr", (0..<60).map { .float(pow(10, -Double($0) / 10)) }),
      .init("loss", (0..<60).map { $0 == 3 ? .none : .float(1 / Double($0 + 1)) }),
      .init("steps", (0..<60).map { .int($0 * 1000) }), .init("ok", (0..<60).map { .bool($0 % 2 == 0) }),
      .init("config", (0..<60).map { .record([.init("depth", .int($0)), .init("act", .string("relu"))]) }),
    ], failures: [3: "E0412: these shapes cannot be multiplied"])

  static let tensor = TensorDatum(
    shape: [32, 20], type: "f32", elements: (0..<640).map { SampleFigures.noise($0) },
    corner: (0..<8).map { r in (0..<8).map { SampleFigures.noise(r * 20 + $0) } }, minimum: -0.9991, maximum: 0.9987,
    mean: 0.0021, deviation: 0.51, nonFinite: 0)

  static let model = ModelDatum(
    name: "mlp", parameterCount: 101_770,
    tensors: [
      .init(path: "layers[0].weight", isTrainable: true, tensor: leaf([784, 128], 0.05)),
      .init(path: "layers[0].bias", isTrainable: true, tensor: leaf([128], 0)),
      .init(path: "layers[1].weight", isTrainable: true, tensor: leaf([128, 10], 0.125)),
      .init(path: "layers[1].bias", isTrainable: true, tensor: leaf([10], 0)),
      .init(path: "norm.mean", isTrainable: false, tensor: leaf([128], 0.2)),
    ])

  private static func leaf(_ shape: [Int], _ sd: Double) -> TensorDatum {
    let elements = (0..<200).map {
      sd * (SampleFigures.noise($0) + SampleFigures.noise($0 * 3 + 1) + SampleFigures.noise($0 * 7))
    }
    return TensorDatum(
      shape: shape, type: "f32", elements: elements, corner: [], minimum: elements.min() ?? 0,
      maximum: elements.max() ?? 0,
      mean: sd * 0.003, deviation: sd, nonFinite: 0)
  }

  static let study: StudyRecord = {
    var run = RunRecord(
      id: "double_descent-7f3a9c", study: "double_descent", arguments: ["run", "double_descent.exp"],
      options: [.init("noise", .float(0.2)), .init("train_size", .int(300)), .init("data", .string("it's generated"))],
      seed: 7,
      versions: [
        .init("exp", .string("0.1.0")), .init("numerics", .string("1")), .init("stdlib", .string(SHA256.hex("x"))),
      ],
      host: [.init("cpu", .string("x86-64 avx512")), .init("threads", .int(4))], started: "2026-11-20T14:03:11Z",
      identity: SHA256.hex("identity"))
    run.state = .done
    run.seconds = 4.12
    run.counts = .init(total: 51, done: 50, failed: 1, reused: 12)
    run.claims = [
      .init(
        text: "the test error peaks where the network can just fit its data", holds: true,
        numbers: [.init("peak", .int(56)), .init("threshold", .int(48))]),
      .init(
        text: "the peak is at least twice the error of the widest network", holds: true,
        numbers: [.init("", .float(2.4204)), .init("2 * last", .float(1.9264))]),
      .init(text: "training error is gone at the peak", holds: false, error: "E0207: nothing is named `pea`"),
    ]
    let code: [StudyRecord.CodeSpan] = [
      .init("option", .keyword), .init(" noise = "), .init("0.2", .number), .init(" "), .init("in", .keyword),
      .init(" "),
      .init("0.0", .number), .init(".."), .init("0.5", .number), .init(" "),
      .init("\"share of labels < replaced & so on\"", .string), .init("  "), .init("# why", .comment),
      .init("\nplot(runs)"),
    ]
    return StudyRecord(
      title: "Model-wise double descent", run: run,
      items: [
        .prose(
          "# Model-wise double descent\nTest error first falls, then *peaks* where the network can just fit its **noisy** training "
            + "set, and then falls again: past the threshold, more parameters mean better generalisation.\n\n"
            + "- a list with `code` and $x^2$\n- [a link](https://example.org) and arXiv:1912.02292\n\n> a quotation\n\n"
            + "| width | error |\n|:--|--:|\n| 2 | 0.62 |\n| 512 | 0.96 |"), .code(code),
        .coverage(
          .init(name: "runs", counts: run.counts, failures: ["width=8 rep=1: E0412: these shapes cannot be multiplied"])
        ),
        .table(name: "runs", table, file: "tables/runs.csv"), .figure(SampleFigures.doubleDescent, stem: "figures/1"),
        .prose("## What else\nA model, a tensor, and a long table."), .value(name: "net", .model(model)),
        .value(name: "x", .tensor(tensor)), .value(name: nil, .float(0.1 + 0.2)),
        .value(
          name: "fit", .record([.init("steps", .int(3)), .init("loss", .float(0.5)), .init("w", .tensor(tensor))])),
        .table(name: "many", manyRows, file: "tables/many.csv"), .printed("hello\n\u{1B}[31mred"),
        .figure(SampleFigures.landscape, stem: "figures/2"),
        .prose("## What it should show"), .claim(run.claims[0]), .claim(run.claims[1]), .claim(run.claims[2]),
        .citation("Nakkiran et al. 2019, arXiv:1912.02292"), .citation("Belkin et al. 2019, *Reconciling*"),
        .error("error: nothing is named `pea` here  E0103"),
      ])
  }()
}
