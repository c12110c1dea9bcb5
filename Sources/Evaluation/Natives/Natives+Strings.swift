import Foundation

/// Functions of strings.
extension Natives {
  static let strings: [NativeFunction] = [
    NativeFunction(
      "split", ["s", "by"], kinds: .string,
      doc: "The parts of a string between separators; by \"\" its characters (Unicode scalars).",
      example: "split(\"a,b\", \",\")  # => [\"a\", \"b\"]"
    ) { call in
      let (text, separator) = (try call.bytes(0), try call.bytes(1))
      if separator.isEmpty {
        var starts = [0]
        while let start = starts.last, start < text.count {
          try call.machine.pollInterrupt(at: starts.count)
          starts.append(Machine.nextBoundary(after: start, in: text))
        }
        return try call.machine.list(of: starts.count - 1) {
          call.heap.string(UnsafeBufferPointer(rebasing: text[starts[$0]..<starts[$0 + 1]]))
        }
      }
      let places = try occurrences(of: separator, in: text, call.machine)
      return try call.machine.list(of: places.count + 1) { i in
        let start = i == 0 ? 0 : places[i - 1] + separator.count
        let end = i == places.count ? text.count : places[i]
        return call.heap.string(UnsafeBufferPointer(rebasing: text[start..<end]))
      }
    },
    NativeFunction(
      "trim", ["s"], kinds: .string, doc: "Without white space at both ends.", example: "trim(\" a \")  # => \"a\""
    ) { call in try trimmed(call) },
    NativeFunction(
      "words", ["s"], kinds: .string, doc: "The words of a text: what stands between white space.",
      example: "words(\" two  words \")  # => [\"two\", \"words\"]"
    ) { call in try words(call) },
    NativeFunction(
      "upper", ["s"], kinds: .string, doc: "In capitals.", example: "upper(\"ab\")  # => \"AB\""
    ) { call in try cased(call) { $0.uppercased() } },
    NativeFunction(
      "lower", ["s"], kinds: .string, doc: "In small letters.", example: "lower(\"AB\")  # => \"ab\""
    ) { call in try cased(call) { $0.lowercased() } },
    NativeFunction(
      "replace", ["s", "from", "to"], kinds: .string, doc: "Every occurrence of `from` replaced by `to`.",
      example: "replace(\"a-b\", \"-\", \"+\")  # => \"a+b\""
    ) { call in
      let (text, from, to) = (try call.bytes(0), try call.bytes(1), try call.bytes(2))
      let places = from.isEmpty ? [] : try occurrences(of: from, in: text, call.machine)
      guard !places.isEmpty else { return call.heap.retained(call[0]) }
      let length = text.count + places.count * (to.count - from.count)
      try call.machine.checkRoom(length)
      let result = call.heap.emptyString(capacity: length)
      var start = 0
      for place in places {
        call.heap.appendBytes(result, UnsafeBufferPointer(rebasing: text[start..<place]))
        call.heap.appendBytes(result, to)
        start = place + from.count
      }
      call.heap.appendBytes(result, UnsafeBufferPointer(rebasing: text[start...]))
      return result
    },
    NativeFunction(
      "repeat", ["xs", "times"], kinds: [.string, .list, .range], doc: "A string or a list so many times over.",
      example: "repeat(\"ab\", 3)  # => \"ababab\""
    ) { call in try repeated(call) },
    NativeFunction(
      "starts_with", ["s", "prefix"], kinds: .string, doc: "Whether a string begins so.",
      example: "starts_with(\"abc\", \"ab\")  # => true"
    ) { call in Value(try stands(call, atEnd: false)) },
    NativeFunction(
      "ends_with", ["s", "suffix"], kinds: .string, doc: "Whether a string ends so.",
      example: "ends_with(\"abc\", \"bc\")  # => true"
    ) { call in Value(try stands(call, atEnd: true)) },
  ]

  /// The texts of a list's elements, with another between them. What its strings need is known before one is copied.
  static func joined(_ call: NativeCall) throws -> Value {
    let (machine, heap) = (call.machine, call.heap)
    let between = call.has(1) ? try call.bytes(1) : UnsafeBufferPointer(start: nil, count: 0)
    let count = try machine.iterationCount(call[0])
    var (length, isTooLong) = max(0, count - 1).multipliedReportingOverflow(by: between.count)
    if call[0].tag == .list {
      for i in 0..<count where call[0].list.elements[i].tag == .string {
        try machine.pollInterrupt(at: i)
        let more = length.addingReportingOverflow(call[0].list.elements[i].string.pointee.byteCount)
        (length, isTooLong) = (more.partialValue, isTooLong || more.overflow)
      }
    }
    if isTooLong { throw machine.outOfMemory }
    try machine.checkRoom(length)
    var result = heap.emptyString(capacity: length)
    do {
      for i in 0..<count {
        try machine.pollInterrupt(at: i)
        if i > 0, !between.isEmpty {
          result = heap.reserveString(result, more: between.count)
          heap.appendBytes(result, between)
        }
        let element = try machine.iterationElement(call[0], i)
        defer { heap.release(element) }
        result = try machine.append(textOf: element, to: result)
      }
    } catch {
      heap.release(result)
      throw error
    }
    return result
  }

  /// A string or a list over and over.
  private static func repeated(_ call: NativeCall) throws -> Value {
    let (machine, heap) = (call.machine, call.heap)
    let times = max(0, try call.int(1))
    let isString = call[0].tag == .string
    let count = isString ? try call.bytes(0).count : try machine.iterationCount(call[0])
    let (length, isTooLong) = count.multipliedReportingOverflow(by: times)
    if isTooLong { throw machine.outOfMemory }
    guard isString else { return try machine.list(of: length) { try machine.iterationElement(call[0], $0 % count) } }
    try machine.checkRoom(length)
    let result = heap.emptyString(capacity: length)
    guard length > 0 else { return result }
    heap.appendBytes(result, try call.bytes(0))
    // What is there is added to itself, a whole number of pieces at a time, so that an interrupt is answered in between.
    let most = max(1, (1 << 22) / count) * count
    while result.string.pointee.byteCount < length {
      if machine.poll.isRaised {
        do { try machine.answerPoll() } catch {
          heap.release(result)
          throw error
        }
      }
      let there = result.string.pointee.byteCount
      let piece = UnsafeBufferPointer(start: result.string.buffer.baseAddress, count: min(there, length - there, most))
      heap.appendBytes(result, piece)
    }
    return result
  }

  /// Whether the second text stands at the beginning or at the end of the first, character by character.
  private static func stands(_ call: NativeCall, atEnd: Bool) throws -> Bool {
    let (text, part) = (try call.bytes(0), try call.bytes(1))
    guard part.count <= text.count else { return false }
    guard let bytes = text.baseAddress, let first = part.baseAddress else { return true }
    let start = bytes + (atEnd ? text.count - part.count : 0)
    for place in stride(from: 0, to: part.count, by: 1 << 22) {
      try call.machine.pollInterrupt()
      guard memcmp(start + place, first + place, min(part.count - place, 1 << 22)) == 0 else { return false }
    }
    return true
  }

  /// Where a text begins in another, as bytes from its start: the first `limit` from left to right, none within another.
  static func occurrences(
    of pattern: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>, _ machine: Machine, limit: Int = .max
  ) throws -> [Int] {
    var places: [Int] = []
    guard let bytes = text.baseAddress, let first = pattern.baseAddress else { return places }
    var start = 0, looks = 0
    while start + pattern.count <= text.count, places.count < limit {
      // Stretches, so that an interrupt is answered in the midst of a long text without any.
      let length = min(text.count - start - pattern.count + 1, 1 << 20)
      looks += 1
      if looks & 0xFF == 0 || length == 1 << 20 { try machine.pollInterrupt() }
      guard let found = memchr(bytes + start, Int32(first.pointee), length) else {
        start += length
        continue
      }
      let place = UnsafeRawPointer(found) - UnsafeRawPointer(bytes)
      if memcmp(found, first, pattern.count) == 0 {
        places.append(place)
        start = place + pattern.count
      } else {
        start = place + 1
      }
    }
    return places
  }
}
