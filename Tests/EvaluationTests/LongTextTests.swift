import Foundation
import Testing

@testable import Evaluation

/// Work on long texts: done in pieces, with the answers of the whole, and left off when it is interrupted.
@Suite struct LongTextTests {
  /// Runs a body with an interpreter; nothing may be left on its heap.
  private func withMachine(_ body: @escaping (Machine) throws -> Void) throws {
    try onLargeStack {
      let machine = try Machine(library: try testLibrary.get(), host: TestHost())
      let before = machine.heap.state.pointee.liveObjects
      try body(machine)
      machine.heap.state.pointee.poll.lower(Poll.interrupt)
      machine.heap.release(machine.heap.list([]))
      #expect(machine.heap.state.pointee.liveObjects == before)
    }
  }

  /// What a native function of one text gives, owned by the caller.
  private func call(_ name: String, _ text: Value, _ machine: Machine) throws -> Value {
    let function = try #require(Natives.all.first { $0.name == name && $0.kinds.contains(.string) })
    return try withUnsafePointer(to: function) { entry in
      try withUnsafeTemporaryAllocation(of: Value.self, capacity: 2) { arguments in
        arguments[0] = text
        arguments[1] = .unset
        return try function.body(
          NativeCall(machine: machine, entry: entry, arguments: arguments.baseAddress!, count: 2, callee: .none))
      }
    }
  }

  private func result(_ name: String, _ text: String, _ machine: Machine) throws -> String {
    let argument = machine.heap.string(text)
    defer { machine.heap.release(argument) }
    let value = try call(name, argument, machine)
    defer { machine.heap.release(value) }
    return value.swiftString
  }

  private static let everyScalar = (0..<0x110000).compactMap(Unicode.Scalar.init)

  private static func trimmed(_ text: String) -> String {
    let isText = { (scalar: Unicode.Scalar) in !scalar.properties.isWhitespace }
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: isText), let last = scalars.lastIndex(where: isText) else { return "" }
    return String(scalars[first...last])
  }

  @Test func whiteSpaceIsThatOfUnicode() throws {
    try withMachine { machine in
      // Only scalars that are white space to either may differ, and few are: the others are tried together.
      let (spaces, others) = Self.everyScalar.reduce(into: ([Unicode.Scalar](), [Unicode.Scalar]())) { parts, scalar in
        if CharacterSet.whitespacesAndNewlines.contains(scalar) || scalar.properties.isWhitespace {
          parts.0.append(scalar)
        } else {
          parts.1.append(scalar)
        }
      }
      #expect(spaces.count > 20)
      for scalar in spaces + others.filter({ $0.value < 0x3100 }) {
        let text = "\(scalar)é \(scalar) x\(scalar) "
        let trimmed = try result("trim", text, machine)
        #expect(trimmed == Self.trimmed(text))
      }
      for text in ["", " ", "\r\n", " \r\n\u{2003}", "x", " é", "é ", String(repeating: " \u{a0}", count: 70_000)] {
        let trimmed = try result("trim", text, machine)
        #expect(trimmed == Self.trimmed(text))
      }
    }
  }

  @Test func lettersChangeInPiecesAsInAWhole() throws {
    try withMachine { machine in
      var all = ""
      all.unicodeScalars += Self.everyScalar
      let unusual = "straße ŉ ﬁ ΐ İI ıi ΑΣ Σ. ὈΔΥΣΣΕΎΣ ǆ ǅ e\u{301} 👩‍👩‍👧 "
      let long = String(repeating: unusual, count: 2_000)
      for text in [all, "", "x", unusual] + (0..<4).map({ String(repeating: "a", count: $0) + long }) {
        let (upper, lower) = (try result("upper", text, machine), try result("lower", text, machine))
        #expect(Array(upper.utf8) == Array(text.uppercased().utf8))
        #expect(Array(lower.utf8) == Array(text.lowercased().utf8))
      }
    }
  }

  @Test func partsOfTextsAreTheirCharacters() throws {
    try withMachine { machine in
      let text = "aé😀b\u{301}ñ漢z"
      let (scalars, value) = (Array(text.unicodeScalars), machine.heap.string(text))
      defer { machine.heap.release(value) }
      for (start, end, step) in [
        (0, 8, 1), (2, 5, 1), (3, 3, 1), (-3, 3, 1), (-8, 0, 1), (7, -1, -1), (5, 0, -2), (0, 8, 3), (7, 8, 1),
        (1, 2, 9),
      ] {
        let range = machine.heap.range(Value(start), Value(end), step: Value(step), isInclusive: false)
        defer { machine.heap.release(range) }
        let part = try machine.element(of: value, range)
        defer { machine.heap.release(part) }
        var expected = ""
        expected.unicodeScalars += stride(from: start, to: end, by: step).map { scalars[$0 < 0 ? $0 + 8 : $0] }
        #expect(Array(part.swiftString.utf8) == Array(expected.utf8), "\(start) to \(end) by \(step)")
        #expect(part.string.isASCII == expected.utf8.allSatisfy { $0 < 0x80 })
      }
      let list = try machine.extend(machine.heap.emptyList(capacity: 1), with: value)
      #expect((0..<list.list.count).map { list.list.elements[$0].swiftString } == scalars.map(String.init))
      machine.heap.release(list)
    }
  }

  @Test func placesOfCharactersAreFoundAgain() throws {
    try withMachine { machine in
      let heap = machine.heap
      let letters = ["a", "é", "漢", "😀", "b", "\u{301}", "ñ"]
      var state: UInt64 = 1
      func random(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
      }
      var text = heap.emptyString(capacity: 1), scalars: [Unicode.Scalar] = []
      // It grows while its characters are known: from short to long, within its room and out of it.
      for round in 0..<60 {
        var added = ""
        for _ in 0..<(round < 40 ? 1 + random(30) : random(900)) { added += letters[random(letters.count)] }
        text = heap.reserveString(text, more: added.utf8.count)
        added.withUTF8 { heap.appendBytes(text, $0) }
        scalars += Array(added.unicodeScalars)
        let count = try machine.characterCount(text)
        #expect(count == scalars.count)
        for place in [0, count - 1, -1, -count] + (0..<20).map({ _ in random(2 * count) - count }) {
          let found = try machine.element(of: text, Value(place))
          #expect(found.swiftString == String(scalars[place < 0 ? place + count : place]), "\(place) of \(count)")
          heap.release(found)
        }
        let start = random(count), length = random(min(200, count - start + 1))
        let range = heap.range(Value(start), Value(start + length), step: Value(1), isInclusive: false)
        let part = try machine.element(of: text, range)
        var expected = ""
        expected.unicodeScalars += scalars[start..<start + length]
        #expect(Array(part.string.buffer) == Array(expected.utf8), "\(length) from \(start) of \(count)")
        heap.release(part)
        heap.release(range)
      }
      #expect(text.string.isLong && text.string.characterIndex != nil)
      heap.release(text)
    }
  }

  @Test(arguments: [
    "trim", "upper", "lower", "from_json", "to_json", "slice", "slice backwards", "length", "characters",
  ])
  func anInterruptEndsWorkOnOneLongText(_ name: String) throws {
    try withMachine { machine in
      let heap = machine.heap
      var text = heap.string("\"" + String(repeating: "é ", count: 100_000) + "\"")
      let range = heap.range(
        Value(name == "slice" ? 0 : 199_999), Value(name == "slice" ? 199_999 : 0),
        step: Value(name == "slice" ? 1 : -1),
        isInclusive: false)
      func work() throws -> Value {
        switch name {
        case "characters": try machine.extend(heap.emptyList(capacity: 1), with: text)
        case "length": Value(try machine.characterCount(text))
        case "slice", "slice backwards": try machine.element(of: text, range)
        default: try call(name, text, machine)
        }
      }
      heap.release(try work())
      // Another one of the same content, whose characters nobody has counted.
      let other = heap.string(text.string.buffer)
      heap.release(text)
      text = other
      heap.state.pointee.poll.raise(Poll.interrupt)
      var id = ""
      do { heap.release(try work()) } catch let error as RuntimeError { id = error.id }
      #expect(id == "E0309")
      heap.state.pointee.poll.lower(Poll.interrupt)
      heap.release(text)
      heap.release(range)
    }
  }
}
