import Foundation
import Records

/// Kinds of figures that are more than curves, bars and cells.
extension SampleFigures {
  static let kinds: [(name: String, figure: Figure)] = [
    ("strip", strip), ("histogram", histogram), ("histogram-log", logHistogram), ("contour", contour),
    ("contour-lines", contourLines), ("surface", surface), ("surface-coarse", coarseSurface),
    ("confusion-named", namedConfusion), ("network", network), ("network-large", largeNetwork),
    ("network-genome", genome), ("rollout", rollout), ("holes", holes), ("spectrum", spectrum),
    ("kinds-empty", emptyHistogram), ("surface-empty", emptySurface), ("network-empty", emptyNetwork),
    ("rollout-empty", emptyRollout), ("contour-flat", flatContour), ("strip-one", oneStrip),
    ("kinds-hostile", hostileKinds),
  ]

  private static func reward(_ k: Int, _ i: Int) -> Double { 40 + 9 * Double(k) + 12 * noise(i * 5 + k * 31) }

  static let strip = Figure(
    title: "Ten seeds of each algorithm", note: "57 of 60 trials; 3 failed",
    x: .init(categories: ["neat", "hyperneat", "es", "ga", "cma-es", "random search"]),
    y: .init(label: "reward"),
    marks: [
      .strip(
        [10, 40, 10, 9, 90, 8].enumerated().map { k, n in (0..<n).map { reward(k, $0) } }, name: "")
    ])

  static let histogram: Figure = {
    let edges = (0...24).map { -3 + Double($0) * 0.25 }
    func bell(_ x: Double) -> Double { (300 * exp(-x * x / 2)).rounded() }
    func counts(_ middle: Double, _ width: Double) -> [Double] {
      edges.dropLast().map { bell(($0 + 0.125 - middle) / width) }
    }
    return Figure(
      title: "Weights before and after training", x: .init(label: "weight"), y: .init(label: "count"),
      marks: [
        .histogram(edges: edges, counts: counts(0, 0.5), name: "start"),
        .histogram(edges: edges, counts: counts(0.4, 1), name: "end"), .rule(isVertical: true, at: 0, label: ""),
      ])
  }()

  static let logHistogram: Figure = {
    let edges = (0...20).map { pow(10, -3 + Double($0) * 0.25) }
    func count(_ k: Int) -> Double { k == 17 ? 0 : pow(3, 8 - abs(Double(k) - 9)).rounded() }
    return Figure(
      x: .init(label: "gradient norm", scale: .log), y: .init(label: "steps", scale: .log),
      marks: [.histogram(edges: edges, counts: (0..<20).map(count), name: "")])
  }()

  private static let side = (0..<41).map { -1 + Double($0) / 20 }
  private static func loss(_ a: Double, _ b: Double) -> Double {
    3 * (a * a + 2 * b * b) + 0.8 * sin(6 * a) * sin(5 * b) + 1
  }
  private static let basin = side.map { b in side.map { a in loss(a, b) } }

  static let contour = Figure(
    title: "Around the minimum", x: .init(label: "first direction"), y: .init(label: "second direction"),
    z: .init(label: "cross-entropy"),
    marks: [
      .heat(x: side, y: side, values: basin), .contour(x: side, y: side, values: basin, levels: []),
      .points(.init(name: "", x: [0], y: [0]), labels: ["minimum"], color: 1),
    ])

  static let contourLines: Figure = {
    func steep(_ a: Double, _ b: Double) -> Double { b > 0.7 && a > 0.6 ? .nan : exp(2.2 * loss(a, b) - 3) }
    let values = side.map { b in side.map { a in steep(a, b) } }
    return Figure(
      title: "Without shortcuts", x: .init(label: "first direction"), y: .init(label: "second direction"),
      z: .init(label: "loss", scale: .log), marks: [.contour(x: side, y: side, values: values, levels: [])])
  }()

  static let surface = Figure(
    title: "Around the minimum", x: .init(label: "first direction"), y: .init(label: "second direction"),
    z: .init(label: "cross-entropy"), marks: [.surface(x: side, y: side, values: basin)])

  static let coarseSurface: Figure = {
    let axis = (0..<13).map { -3 + Double($0) / 2 }
    func hill(_ a: Double, _ b: Double) -> Double { a == 1 && b == 1 ? .nan : 1000 * exp(-a * a - b * b) + 0.01 }
    let values = axis.map { b in axis.map { a in hill(a, b) } }
    return Figure(
      x: .init(label: "a"), y: .init(label: "b"), z: .init(label: "loss", scale: .log),
      marks: [.surface(x: axis, y: axis, values: values)])
  }()

  static let namedConfusion: Figure = {
    let names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    func cell(_ r: Int, _ c: Int) -> Double { r == c ? Double(830 + 13 * r) : Double((r * 7 + c * 13) % 29) }
    let rows = (0..<10).map { r in (0..<10).map { c in cell(r, c) } }
    return Figure(
      title: "What is taken for what", x: .init(label: "predicted", categories: names),
      y: .init(label: "true", categories: names.reversed()), z: .init(label: "images"),
      marks: [.heat(x: [], y: [], values: rows.reversed())])
  }()

  static func dense(_ sizes: [Int], names: [[String]] = []) -> Figure.Mark {
    var nodes: [Figure.Node] = [], edges: [Figure.Edge] = [], before: [Int] = []
    for (l, size) in sizes.enumerated() {
      let here = (0..<size).map { nodes.count + $0 }
      for i in 0..<size {
        let label = l < names.count && i < names[l].count ? names[l][i] : ""
        nodes.append(.init(layer: l, label: label, value: l == 0 ? .nan : noise(i * 3 + l)))
      }
      for b in before { for h in here { edges.append(.init(from: b, to: h, weight: noise(b * 17 + h * 5))) } }
      before = here
    }
    return .network(nodes, edges: edges)
  }

  static let network = Figure(
    title: "A network that learned XOR",
    marks: [dense([2, 4, 3, 1], names: [["x₁", "x₂"], [], [], ["x₁ xor x₂"]])])

  static let largeNetwork = Figure(marks: [dense([64, 32, 10], names: [[], [], (0..<10).map { "digit \($0)" }])])

  static let genome = Figure(
    title: "The champion", note: "fitness 912 after 31 generations",
    marks: [
      .network(
        [
          .init(layer: 0, label: "position"), .init(layer: 0, label: "velocity"), .init(layer: 0, label: "angle"),
          .init(layer: 0, label: "bias"), .init(layer: 1, label: "sin"), .init(layer: 2, label: "tanh"),
          .init(layer: 2, label: "relu"), .init(layer: 3, label: "force"),
        ],
        edges: [
          .init(from: 0, to: 4, weight: 1), .init(from: 1, to: 4, weight: -0.5), .init(from: 2, to: 6, weight: 2),
          .init(from: 3, to: 7, weight: 0.3), .init(from: 4, to: 5, weight: -1.6), .init(from: 5, to: 7, weight: 1.1),
          .init(from: 6, to: 7, weight: 0.9), .init(from: 2, to: 7, weight: -0.8), .init(from: 5, to: 4, weight: 0.4),
        ])
    ])

  static let rollout: Figure = {
    let times = (0..<200).map { Double($0) * 0.05 }
    let x: [Double] = times.map { 1.2 * sin($0 * 0.9) }
    let angle: [Double] = times.map { 0.9 * sin($0 * 2.1) * exp(-$0 / 8) }
    func cart(_ x: Double) -> [Double] { [x - 0.25, 0.02, x + 0.25, 0.02, x + 0.25, 0.3, x - 0.25, 0.3] }
    func tip(_ x: Double, _ a: Double) -> [Double] { [x + sin(a), 0.3 + cos(a)] }
    return Figure(
      title: "Cart and pole",
      marks: [
        .rollout(
          [
            .init(.line, name: "rail", frames: [[-2.4, 0, 2.4, 0]]),
            .init(.polygon, name: "cart", frames: x.map(cart)),
            .init(.line, name: "pole", frames: zip(x, angle).map { [$0, 0.3] + tip($0, $1) }),
            .init(.disc, name: "tip", frames: zip(x, angle).map { tip($0, $1) + [0.06] }),
          ], seconds: 10)
      ])
  }()

  static let holes: Figure = {
    var figure = doubleDescent
    figure.note = "48 of 51 trials; 3 failed"
    figure.marks.append(.holes([12, 64]))
    return figure
  }()

  static let spectrum: Figure = {
    let rank = (1...60).map(Double.init)
    let positive: [Double] = rank.map { 80 * pow($0, -2.1) }
    let negative: [Double] = rank.suffix(9).map { 0.0004 * ($0 - 50) }
    return Figure(
      title: "Eigenvalues of the Hessian", x: .init(label: "rank"), y: .init(label: "|λ|", scale: .log),
      marks: [
        .points(.init(name: "positive", x: rank, y: positive), labels: nil, color: nil),
        .points(
          .init(name: "negative", x: Array(rank.suffix(9)), y: negative), labels: nil, color: nil),
      ])
  }()

  static let emptyHistogram = Figure(
    x: .init(label: "x", categories: []), y: .init(label: "y"), marks: [.histogram(edges: [0], counts: [], name: "")])
  static let emptySurface = Figure(title: "Nothing", marks: [.surface(x: [], y: [], values: [[.nan, .nan]])])
  static let emptyNetwork = Figure(title: "Nothing", marks: [.network([], edges: [])])
  static let emptyRollout = Figure(title: "Nothing", marks: [.rollout([], seconds: 1)])
  static let flatContour = Figure(
    x: .init(label: "x"), y: .init(label: "y"),
    marks: [.contour(x: [0, 1], y: [0, 1], values: [[1, 1], [1, 1]], levels: [])])
  static let oneStrip = Figure(
    x: .init(categories: ["only"]), y: .init(label: "y", scale: .log), marks: [.strip([[3, .nan, -1]], name: "a")])

  static let hostileKinds = Figure(
    title: "</svg><script>alert(1)</script>", note: "<img src=x onerror=alert(2)>",
    x: .init(label: "<b>", categories: ["<script>", "\"onload=\"x"]), y: .init(label: "]]>", categories: ["</title>"]),
    z: .init(label: "<i>z"),
    marks: [
      .heat(x: [], y: [], values: [[1, 2]]), .strip([[0, 0], [0]], name: "<svg/onload=1>\u{0}"),
      .histogram(edges: [0, .infinity], counts: [.nan], name: "<script>"),
      .contour(x: [0, 1], y: [0, 1], values: [[0, 1e308], [-1e308, .infinity]], levels: [.nan, 0, 1e300]),
      .holes([.nan, .infinity, 0]),
    ])
}
