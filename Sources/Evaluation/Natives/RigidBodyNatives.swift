import CBodies
import Foundation
import Resolution
import Tensors

extension Natives {
  static let rigidBodies: [NativeFunction] = [
    NativeFunction(
      "rigid_bodies", ["scenes", "which", "start", "control"],
      doc:
        "Moves rigid bodies in a plane: one world for each of the numbers `which`, made of that one of `scenes`, and a step of all at a time until none is alive. Before each step `control(carry, sensed)` gives `{ carry, alive, speeds, torques }`: whether worlds `[worlds]` go on, and how fast the motors of joints `[joints, worlds]` should turn with what torque at most; and, if it likes, `forces` on the centres of the bodies, first all along x, then along y, `[2 * bodies, worlds]`. `sensed` is `{ x, y, angle, vx, vy, spin, touching }` of the bodies `[bodies, worlds]`, `joint_angle` and `joint_speed` `[joints, worlds]`, and `rays` `[rays, worlds]`, how far each came before the ground, in parts of its length, and `visited` `[worlds]`, how many zones were touched so far; what is sensed first is after one step without motors. The last carry is the result. A scene is `{ bodies, joints, rays, gravity: [0, -10], rate: 50, iterations: [8, 3], ground, friction: 0.2, zones }`: a body `{ at, shape, angle: 0, density: 1, friction: 0.2, push: [0, 0], touches: true }` is a convex polygon of 3 to 8 corners, or consists of several (`shapes`), `push` a force during the first step; a joint is `{ bodies, anchors, limits }`, a ray `{ body, to }`; `ground` are the points of a line, `zones` polygons that stop nothing. Bodies touch ground and zones, unless `touches` is false, and not one another. Computed in f32 by Box2D, the same for any number of threads; no derivative.",
      example:
        "let ball = { bodies: [{ at: [0, 1], shape: [[-0.1, -0.1], [0.1, -0.1], [0, 0.1]] }], ground: [[-1, 0], [1, 0]] }\nrigid_bodies([ball], [0], 0, (t, s) -> { carry: t + 1, alive: s.touching[0] < 1, speeds: [], torques: [] })  # => 21"
    ) { call in try RigidBodyCall(call).run() }
  ]
}

/// One call of `rigid_bodies`.
private struct RigidBodyCall {
  let call: NativeCall
  private var machine: Machine { call.machine }
  private var heap: Heap { call.heap }

  init(_ call: NativeCall) { self.call = call }

  func run() throws -> Value {
    guard RigidBodies.libraryVersion != nil else {
      throw RuntimeError(
        "E0413", "rigid_bodies needs Box2D, which was not there when exp was built", label: "here",
        help: ["`sudo apt-get install libbox2d-dev`, then build exp again with `scripts/exp`; nothing else needs it"])
    }
    let worlds = try translatingErrors { try RigidBodies(try scenes(), try which()) }
    let control = try call.function(3)
    let scope = try call.operations.freshKey()
    var carry = heap.retained(call[2])
    var isAlive = Array(repeating: true, count: worlds.count)
    let none = Array(repeating: 0.0, count: worlds.joints * worlds.count)
    var (speeds, torques) = (none, none)
    let unmoved = Array(repeating: 0.0, count: 2 * worlds.bodies * worlds.count)
    var forces = unmoved
    var time = 0
    while isAlive.contains(true) {
      do {
        worlds.step(
          isAlive: isAlive, speeds: speeds, torques: torques, forces: forces, threads: machine.planThreads)
        try machine.pollInterrupt()
        let sensed = try sensed(worlds)
        let given = carry
        carry = .none
        let answer = try call.operations.withKey(try call.operations.derive(scope, .int(time))) {
          try machine.call(control, taking: [given, sensed])
        }
        defer { heap.release(answer) }
        try SceneReader(call: call, place: "what `control` gives").checkNames(
          answer, ["carry", "alive", "speeds", "torques", "forces"])
        isAlive = try zip(isAlive, column("alive", of: answer, [worlds.count])).map { $0 && $1 != 0 }
        speeds = try column("speeds", of: answer, [worlds.joints, worlds.count])
        torques = try column("torques", of: answer, [worlds.joints, worlds.count])
        forces = try column("forces", of: answer, [2 * worlds.bodies, worlds.count], else: unmoved)
        guard let next = heap.field(answer, named: "carry") else { throw wrong("`control` gives no `carry`") }
        carry = heap.retained(next)
      } catch {
        heap.release(carry)
        throw error
      }
      time += 1
    }
    return carry
  }

  private func wrong(_ message: String) -> RuntimeError {
    RuntimeError("E0210", "`rigid_bodies`: \(message)", label: "called here")
  }

  /// The numbers `[rows, worlds]` that `control` gives under a name, or `other` where it gives none.
  private func column(
    _ name: String, of answer: Value, _ shape: Shape, else other: [Double]? = nil
  ) throws -> [Double] {
    guard answer.tag == .record, let value = heap.field(answer, named: name) else {
      if let other { return other }
      throw wrong(
        "`control` gives a record with `carry`, `alive`, `speeds` and `torques`, not \(machine.brief(answer))")
    }
    let given = try call.content(try TensorBuilding(machine).tensor(of: value, type: .f64))
    guard given.shape == shape || shape.contains(0) && given.count == 0 else {
      throw RuntimeError(
        "E0401", "`rigid_bodies`: `\(name)` that `control` gives has the shape \(describe(given.shape))",
        label: "\(describe(shape)) is needed")
    }
    return given.array(of: Double.self)
  }

  private func sensed(_ worlds: RigidBodies) throws -> Value {
    let (bodies, joints) = (worlds.bodies, worlds.joints)
    let names = [
      ("x", bodies), ("y", bodies), ("angle", bodies), ("vx", bodies), ("vy", bodies), ("spin", bodies),
      ("touching", bodies), ("joint_angle", joints), ("joint_speed", joints), ("rays", worlds.rays),
    ]
    var first = 0
    let fields = try names.map { name, rows in
      let numbers = worlds.sensed[first..<first + rows * worlds.count]
      first += rows * worlds.count
      let tensor = try translatingErrors { try Tensor(Array(numbers), shape: [rows, worlds.count]) }
      return (name, tensor)
    }
    let visited = try translatingErrors { try Tensor(Array(worlds.sensed[first...]), shape: [worlds.count]) }
    return heap.record((fields + [("visited", visited)]).map { ($0, call.result(.tensor($1))) })
  }

  private func which() throws -> [Int] {
    let given = try call.content(try TensorBuilding(machine).tensor(of: call[1], type: .f64))
    guard given.rank == 1 else { throw call.mismatch(1, "a list of numbers of scenes") }
    let count = try call.list(0).count
    let places = try given.array(of: Double.self).map { number in
      guard let place = Int(exactly: number) else {
        throw wrong("`which` names scene \(number): scenes have whole numbers")
      }
      return place
    }
    if let odd = places.first(where: { !(0..<count).contains($0) }) {
      throw RuntimeError("E0404", "`rigid_bodies`: `which` names scene \(odd) of \(count)", label: "called here")
    }
    return places
  }

  private func scenes() throws -> [RigidBodies.Scene] {
    let list = try call.list(0)
    guard list.count > 0 else { throw wrong("there is no scene") }
    let scenes = try (0..<list.count).map { i in
      try machine.pollInterrupt()
      return try SceneReader(call: call, place: "scene \(i)").scene(list.elements[i])
    }
    if let odd = scenes.firstIndex(where: { !$0.isLike(scenes[0]) }) {
      throw wrong("scene \(odd) has other numbers of bodies, joints or rays than scene 0")
    }
    return scenes
  }
}

/// Reads a scene and says where it is unsound.
private struct SceneReader {
  let call: NativeCall
  let place: String
  /// Coordinates beyond lose more than a millimetre.
  private let far = 10_000.0

  private func wrong(_ message: String) -> RuntimeError {
    RuntimeError("E0210", "`rigid_bodies`: \(place): \(message)", label: "called here")
  }

  func scene(_ value: Value) throws -> RigidBodies.Scene {
    var scene = RigidBodies.Scene()
    try checkNames(
      value, ["gravity", "rate", "iterations", "friction", "ground", "bodies", "zones", "joints", "rays"])
    scene.gravity = try numbers(value, "gravity", [2], else: scene.gravity)
    scene.rate = try number(value, "rate", else: scene.rate, in: 1...10_000)
    scene.iterations = try numbers(value, "iterations", [2], else: scene.iterations, in: 1...1_000)
    scene.friction = try number(value, "friction", else: scene.friction, in: 0...1_000)
    scene.ground = try ground(value)
    for (i, body) in try list(value, "bodies").enumerated() {
      try SceneReader(call: call, place: "\(place), body \(i)").add(body: body, to: &scene)
    }
    if scene.bodies.isEmpty { throw wrong("there are no `bodies`") }
    for (i, zone) in try list(value, "zones").enumerated() {
      let reader = SceneReader(call: call, place: "\(place), zone \(i)")
      scene.zones.append(
        try reader.polygon(zone, in: &scene, if: cb_is_zone, else: "it is no polygon of 3 to 8 corners, or too thin"))
    }
    for (i, joint) in try list(value, "joints").enumerated() {
      let reader = SceneReader(call: call, place: "\(place), joint \(i)")
      scene.joints.append(try reader.joint(joint, scene.bodies.count))
    }
    for (i, ray) in try list(value, "rays").enumerated() {
      let reader = SceneReader(call: call, place: "\(place), ray \(i)")
      try reader.checkNames(ray, ["body", "to"])
      let to = try reader.numbers(ray, "to", [2])
      if hypot(to[0], to[1]) < 0.01 { throw reader.wrong("`to` is nowhere") }
      scene.rays.append(
        cb_ray(body: try reader.index(try reader.number(ray, "body"), scene.bodies.count), x: to[0], y: to[1]))
    }
    return scene
  }

  private func ground(_ scene: Value) throws -> [Double] {
    let points = try numbers(scene, "ground", [nil, 2], else: [])
    for i in stride(from: 0, to: max(0, points.count - 2), by: 2) {
      if cb_is_edge([points[i], points[i + 1]], [points[i + 2], points[i + 3]]) == 0 {
        throw wrong("points \(i / 2) and \(i / 2 + 1) of `ground` are one")
      }
    }
    return points
  }

  private func add(body: Value, to scene: inout RigidBodies.Scene) throws {
    try checkNames(body, ["at", "angle", "shape", "shapes", "density", "friction", "push", "touches"])
    let (at, push) = (try numbers(body, "at", [2]), try numbers(body, "push", [2], else: [0, 0], in: -1e6...1e6))
    let first = scene.polygons.count
    let shapes = try field(body, "shape").map { [$0] } ?? list(body, "shapes")
    if shapes.isEmpty { throw wrong("there is no `shape`") }
    for shape in shapes {
      scene.polygons.append(
        try polygon(
          shape, in: &scene, within: -100...100, if: cb_is_body,
          else: "`shape` is no convex polygon of 3 to 8 corners, or too thin"))
    }
    scene.bodies.append(
      cb_body(
        x: at[0], y: at[1], angle: try number(body, "angle", else: 0),
        density: try number(body, "density", else: 1, in: 1e-3...1e6),
        friction: try number(body, "friction", else: 0.2, in: 0...1_000), push_x: push[0], push_y: push[1],
        first: Int32(first), polygons: Int32(scene.polygons.count - first), is_apart: try touches(body) ? 0 : 1))
  }

  private func touches(_ body: Value) throws -> Bool {
    guard let value = try field(body, "touches") else { return true }
    guard value.tag == .bool else { throw wrong("`touches` is neither true nor false") }
    return value.asBool
  }

  /// Adds a polygon's corners to the scene's points.
  private func polygon(
    _ corners: Value, in scene: inout RigidBodies.Scene, within range: ClosedRange<Double>? = nil,
    if isSound: (UnsafePointer<Double>, Int32) -> Int32, else message: String
  ) throws -> cb_polygon {
    let corners = try numbers(in: corners, "shape", [nil, 2], within: range)
    guard isSound(corners, Int32(clamping: corners.count / 2)) != 0 else { throw wrong(message) }
    defer { scene.points += corners }
    return cb_polygon(first: Int32(scene.points.count / 2), corners: Int32(corners.count / 2))
  }

  private func joint(_ joint: Value, _ bodies: Int) throws -> cb_joint {
    try checkNames(joint, ["bodies", "anchors", "limits"])
    let ends = try numbers(joint, "bodies", [2]).map { try index($0, bodies) }
    let (anchors, limits) = (try numbers(joint, "anchors", [2, 2]), try numbers(joint, "limits", [2]))
    if ends[0] == ends[1] { throw wrong("it joins a body to itself") }
    if limits[0] > limits[1] { throw wrong("its first limit is above the second") }
    return cb_joint(
      a: ends[0], b: ends[1], a_x: anchors[0], a_y: anchors[1], b_x: anchors[2], b_y: anchors[3], low: limits[0],
      high: limits[1])
  }

  private func index(_ number: Double, _ count: Int) throws -> Int32 {
    guard let index = Int32(exactly: number), index >= 0, index < count else {
      throw wrong("there is no body \(number) among \(count)")
    }
    return index
  }

  /// An error where a field of a record, which may have others of its own, is called almost like one that could be there and is not.
  func checkNames(_ record: Value, _ known: [String]) throws {
    guard record.tag == .record else { return }
    let given = (0..<record.record.count).map { record.record.name($0) }
    for name in given where !known.contains(name) {
      if let meant = nearNames(name, among: known).first(where: { !given.contains($0) }) {
        throw wrong("nothing reads `\(name)`: did you mean `\(meant)`?")
      }
    }
  }

  private func field(_ record: Value, _ name: String) throws -> Value? {
    guard record.tag == .record else { throw wrong("it is no record but \(call.machine.brief(record))") }
    guard let value = call.heap.field(record, named: name), !value.isNone else { return nil }
    return value
  }

  private func list(_ record: Value, _ name: String) throws -> [Value] {
    guard let value = try field(record, name) else { return [] }
    guard value.tag == .list, value.list.count <= 1_000 else { throw wrong("`\(name)` is no list of up to 1000") }
    return (0..<value.list.count).map { value.list.elements[$0] }
  }

  private func number(
    _ record: Value, _ name: String, else other: Double? = nil, in range: ClosedRange<Double>? = nil
  ) throws -> Double { try numbers(record, name, [], else: other.map { [$0] }, in: range)[0] }

  /// The numbers of a field, whose extents are `shape` (nil: any).
  private func numbers(
    _ record: Value, _ name: String, _ shape: [Int?], else other: [Double]? = nil, in range: ClosedRange<Double>? = nil
  ) throws -> [Double] {
    guard let value = try field(record, name) else {
      if let other { return other }
      throw wrong("there is no `\(name)`")
    }
    return try numbers(in: value, name, shape, within: range)
  }

  private func numbers(
    in value: Value, _ name: String, _ shape: [Int?], within range: ClosedRange<Double>?
  ) throws -> [Double] {
    let given = try call.content(try TensorBuilding(call.machine).tensor(of: value, type: .f64))
    guard given.rank == shape.count, zip(given.shape, shape).allSatisfy({ $1 == nil || $0 == $1 }) else {
      let wanted = "[" + shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ") + "]"
      throw wrong("`\(name)` has the shape \(describe(given.shape)), not \(wanted)")
    }
    let all = given.array(of: Double.self), range = range ?? -far...far
    // A NaN is in no range.
    if let odd = all.first(where: { !range.contains($0) }) {
      throw wrong("`\(name)` is \(odd), not within \(range.lowerBound) and \(range.upperBound)")
    }
    return all
  }
}
