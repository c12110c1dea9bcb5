import Foundation
import Records

/// One figure of each kind, with the numbers of studies (or shapes like theirs) and of trouble.
enum SampleFigures {
  static let all: [(name: String, figure: Figure)] =
    [
      ("double-descent", doubleDescent), ("grokking", grokking), ("many-lines", manyLines), ("crowded", crowded),
      ("scatter", scatter), ("cloud", cloud), ("bars", bars), ("bars-grouped", groupedBars), ("bars-long", longBars),
      ("landscape", landscape), ("confusion", confusion), ("weights", weights), ("images", images), ("empty", empty),
      ("gaps", gaps), ("tiny", tiny), ("huge", huge), ("one-point", onePoint), ("equal", equal), ("log-log", logLog),
      ("hostile", hostile), ("dashes", dashes), ("large-numbers", largeNumbers),
    ] + kinds

  static let doubleDescent: Figure = {
    let widths: [Double] = [2, 4, 6, 8, 12, 16, 24, 32, 40, 48, 56, 64, 80, 96, 128, 256, 512]
    let test = [0.62, 0.69, 0.55, 0.63, 0.70, 0.95, 1.31, 1.65, 2.10, 2.31, 2.42, 1.91, 1.55, 1.40, 1.30, 1.04, 0.96]
    let train = [0.60, 0.45, 0.33, 0.25, 0.15, 0.09, 0.03, 0.012, 0.006, 0.003, 0.001, 0, 0, 0, 0, 0, 0]
    let spread = [0.02, 0.03, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.12, 0.14, 0.15, 0.12, 0.1, 0.09, 0.07, 0.05, 0.04]
    return Figure(
      title: "Model-wise double descent",
      caption: "Mean squared error against width; the band is one standard deviation over 3 repetitions.",
      x: .init(label: "width", scale: .log), y: .init(label: "mean squared error"),
      marks: [
        .line(
          .init(
            name: "test", x: widths, y: test, lower: zip(test, spread).map { $0 - $1 },
            upper: zip(test, spread).map { $0 + $1 }),
          dash: nil, color: nil),
        .line(.init(name: "train", x: widths, y: train), dash: nil, color: nil),
        .rule(isVertical: true, at: 58, label: "parameters = samples × classes"),
      ])
  }()

  /// A deterministic stand-in for noise.
  static func noise(_ i: Int) -> Double { sin(Double(i) * 12.9898) * 0.6 + sin(Double(i) * 78.233) * 0.4 }

  static let grokking: Figure = {
    let steps = (0..<400).map { pow(10, Double($0) / 399 * 4.3) }
    func rise(_ middle: Double, _ floor: Double) -> [Double] {
      steps.enumerated().map { i, s in
        min(1, max(0, floor + (1 - floor) / (1 + exp(-6 * (log10(s) - middle))) + 0.01 * noise(i)))
      }
    }
    return Figure(
      title: "First memory, then understanding", x: .init(label: "step", scale: .log), y: .init(label: "accuracy"),
      marks: [
        .line(.init(name: "seen", x: steps, y: rise(2.1, 0.02)), dash: nil, color: nil),
        .line(.init(name: "unseen", x: steps, y: rise(3.6, 0.02)), dash: nil, color: nil),
        .rule(isVertical: true, at: 400, label: "memorised"), .rule(isVertical: true, at: 9000, label: "understood"),
      ])
  }()

  static let manyLines: Figure = {
    let x = (0...20).map(Double.init)
    return Figure(
      x: .init(label: "epoch"), y: .init(label: "loss", scale: .log),
      marks: (0..<7).map { k in
        let y = x.map { exp(-$0 * (0.1 + 0.02 * Double(k))) * (1 + 0.05 * noise(Int($0) + k)) }
        let n = k == 2 ? 12 : 21
        return .line(
          .init(
            name: ["sgd", "momentum", "adam", "adamw", "lion", "shampoo", "muon"][k], x: Array(x.prefix(n)),
            y: Array(y.prefix(n))),
          dash: nil, color: nil)
      })
  }()

  static let crowded: Figure = {
    let x = (0...30).map { Double($0) / 3 }
    return Figure(
      title: "Sixteen learning rates", x: .init(label: "time"), y: .init(label: "value"),
      marks: (0..<16).map { k in
        .line(
          .init(name: "lr = 1e-\(k)", x: x, y: x.map { t -> Double in sin(t / 3 + Double(k) / 5) * Double(k + 3) }),
          dash: nil, color: nil)
      })
  }()

  static let scatter: Figure = {
    let names = ["mlp 64", "mlp 256x2", "mlp + bn", "cnn 8", "cnn 32", "vit", "mixer", "resnet 8"]
    let ideal = [0.31, 0.22, 0.19, 0.12, 0.095, 0.2, 0.17, 0.1]
    let real = [0.33, 0.235, 0.205, 0.135, 0.104, 0.23, 0.19, 0.106]
    return Figure(
      title: "Real against ideal world", x: .init(label: "soft error, ideal world"),
      y: .init(label: "soft error, real world"),
      marks: [
        .diagonal,
        .points(
          .init(name: "", x: ideal, y: real, lower: real.map { $0 - 0.012 }, upper: real.map { $0 + 0.015 }),
          labels: names,
          color: nil),
      ])
  }()

  static let cloud: Figure = {
    func points(_ k: Int, _ n: Int) -> Figure.Series {
      .init(
        name: "class \(k)", x: (0..<n).map { i -> Double in noise(i * 7 + k) + Double(k % 2) * 1.4 },
        y: (0..<n).map { i -> Double in noise(i * 13 + 5 * k) + Double(k / 2) * 1.2 })
    }
    return Figure(
      x: .init(label: "first component"), y: .init(label: "second component"),
      marks: [
        .points(points(0, 150), labels: nil, color: nil), .points(points(1, 150), labels: nil, color: nil),
        .points(points(2, 3000), labels: nil, color: nil), .points(points(3, 400), labels: nil, color: nil),
      ])
  }()

  static let bars = Figure(
    title: "Test error by augmentation", y: .init(label: "test error"),
    marks: [
      .bars(
        labels: ["none", "flip", "crop", "cutout", "mixup"], values: [0.123, 0.101, 0.094, 0.0917, 0.0883], name: "")
    ])

  static let groupedBars = Figure(
    x: .init(label: "depth"), y: .init(label: "change of accuracy"),
    marks: [
      .bars(labels: ["2", "4", "8", "16"], values: [0.02, 0.05, 0.031, -0.012], name: "with shortcut"),
      .bars(labels: ["2", "4", "8", "16"], values: [0.018, 0.01, -0.034, -0.071], name: "without"),
    ])

  static let longBars = Figure(
    y: .init(label: "parameters"),
    marks: [
      .bars(
        labels: [
          "layers[0].attention.query.weight", "layers[0].attention.key.weight", "layers[0].attention.value.weight",
          "layers[0].attention.output.weight", "layers[0].up.weight", "layers[0].down.weight", "readout",
        ], values: [16384, 16384, 16384, 16384, 65536, 65536, 6784], name: "parameters"),
      .rule(isVertical: false, at: 50000, label: "budget"),
    ])

  static let landscape: Figure = {
    let axis = (0..<41).map { -1 + Double($0) / 20 }
    func loss(_ a: Double, _ b: Double) -> Double {
      let bowl = 3 * (a * a + 2 * b * b), ripple = 0.8 * sin(6 * a) * sin(5 * b)
      return bowl + ripple + 1
    }
    let z = axis.map { b in axis.map { a in loss(a, b) } }
    let path = (0..<24).map { 0.9 * pow(0.86, Double($0)) }
    return Figure(
      title: "A loss landscape and the way down", x: .init(label: "first direction"),
      y: .init(label: "second direction"),
      z: .init(label: "cross-entropy", scale: .log),
      marks: [
        .heat(x: axis, y: axis, values: z),
        .line(.init(name: "sgd", x: path, y: path.map { $0 * $0 - 0.1 }), dash: nil, color: 1),
      ])
  }()

  static let confusion: Figure = {
    func cell(_ r: Int, _ c: Int) -> Double { r == c ? Double(880 + 17 * r) : Double((r * 7 + c * 13) % 23) }
    let rows = (0..<6).map { r in (0..<6).map { c in cell(r, c) } }
    return Figure(x: .init(label: "predicted"), y: .init(label: "true"), marks: [.heat(x: [], y: [], values: rows)])
  }()

  static let weights: Figure = {
    let rows = (0..<32).map { r -> [Double] in
      (0..<64).map { c -> Double in r == 3 && c < 9 ? Double.nan : noise(r * 64 + c) * (r % 8 == 0 ? 1.0 : 0.4) }
    }
    return Figure(
      title: "First layer", x: .init(label: "input"), y: .init(label: "unit"), z: .init(label: "weight"),
      marks: [.heat(x: [], y: [], values: rows)])
  }()

  private static func ring(_ k: Int, _ i: Int) -> Double {
    let x = Double(i % 14) - 6.5, y = Double(i / 14) - 6.5
    let distance = abs((x * x + y * y).squareRoot() - 2 - Double(k % 5))
    return max(0, 1 - distance) + 0.05 * abs(noise(i + k))
  }

  static let images: Figure = {
    let pictures = (0..<20).map { k in
      (0..<196).map { ring(k, $0) }
    }
    return Figure(
      title: "Glyphs as the network sees them",
      marks: [.images(pictures, width: 14, height: 14, captions: (0..<20).map { "\($0 % 10) as \(($0 * 3) % 10)" })])
  }()

  static let empty = Figure(
    title: "Nothing yet", x: .init(label: "step", scale: .log), y: .init(label: "loss"),
    marks: [.line(.init(name: "train", x: [], y: []), dash: nil, color: nil)])

  static let gaps = Figure(
    x: .init(label: "step"), y: .init(label: "loss", scale: .log),
    marks: [
      .line(
        .init(
          name: "diverges", x: (0..<12).map(Double.init),
          y: [1, 0.7, .nan, 0.4, 0.2, 0, -1, 0.2, .infinity, 0.1, .nan, 0.05],
          lower: [0.8, 0.5, .nan, 0.3, -0.1, 0, -2, 0.1, 1, 0.07, .nan, 0.03],
          upper: [1.2, 0.9, .nan, 0.5, 0.4, 0.1, 0, 0.3, .infinity, 0.13, .nan, 0.07]), dash: nil, color: nil)
    ])

  static let tiny = Figure(
    x: .init(label: "x"), y: .init(label: "difference"),
    marks: [
      .line(.init(name: "f", x: [1, 2, 3, 4], y: [1e-300, 3e-300, 2e-300, 5e-300]), dash: nil, color: nil)
    ])

  static let huge = Figure(
    x: .init(label: "x", scale: .log), y: .init(label: "y", scale: .log),
    marks: [.line(.init(name: "f", x: [1e-300, 1, 1e300], y: [1e300, 1, 1e-300]), dash: nil, color: nil)])

  static let onePoint = Figure(
    x: .init(label: "x"), y: .init(label: "y", scale: .log),
    marks: [.points(.init(name: "only", x: [3], y: [7]), labels: ["only"], color: nil)])

  static let equal = Figure(
    x: .init(label: "x"), y: .init(label: "y"),
    marks: [.line(.init(name: "flat", x: [0, 1, 2, 3], y: [0.1, 0.1, 0.1, 0.1]), dash: nil, color: nil)])

  static let logLog: Figure = {
    let n = [60.0, 120, 250, 500, 1000, 2000, 4000, 8000, 16000]
    return Figure(
      title: "Error falls as a power of the number of samples", x: .init(label: "samples", scale: .log),
      y: .init(label: "excess risk", scale: .log),
      marks: [
        .line(.init(name: "ridge, tuned", x: n, y: n.map { 8 / $0 }), dash: nil, color: nil),
        .line(.init(name: "kernel", x: n, y: n.map { 2 / $0.squareRoot() }), dash: 1, color: nil),
        .rule(isVertical: false, at: 0.003, label: "noise floor"),
      ])
  }()

  static let hostile = Figure(
    title: "</svg><script>alert(1)</script> & \"quotes\" 'too'", caption: "<img src=x onerror=alert(2)>",
    x: .init(label: "<b>x</b>"), y: .init(label: "]]>&amp;"),
    marks: [
      .line(.init(name: "<script>", x: [0, 1], y: [0, 1]), dash: -7, color: -3),
      .points(.init(name: "\"onload=\"x", x: [0.5], y: [0.2]), labels: ["<svg/onload=1>\u{0}"], color: 99),
      .rule(isVertical: true, at: 0.3, label: "</title><script>"),
    ])

  private static func soft(_ step: Double, _ k: Int) -> Double {
    let kind = Double(k / 2), gap = step > 4000 && k % 2 == 0 ? 0.012 : 0
    return 0.6 * exp(-step / (2000 + 900 * kind)) + 0.05 * kind + gap
  }

  static let dashes: Figure = {
    let x = (0...40).map { Double($0) * 250 }
    return Figure(
      x: .init(label: "step"), y: .init(label: "soft error"),
      marks: (0..<6).map { k in
        .line(
          .init(
            name: ["mlp real", "mlp ideal", "cnn real", "cnn ideal", "vit real", "vit ideal"][k], x: x,
            y: x.map { soft($0, k) }),
          dash: k % 2, color: k / 2)
      })
  }()

  static let largeNumbers = Figure(
    x: .init(label: "parameters"), y: .init(label: "FLOP"),
    marks: [
      .line(
        .init(name: "cost", x: [1e5, 2e5, 4e5, 8e5], y: [1.2e9, 2.4e9, 5.1e9, 9.7e9]), dash: nil, color: nil)
    ])
}
