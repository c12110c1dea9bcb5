extension Natives {
  /// For `checked`: fails where the first argument is neither a tensor nor a number within the bounds that the others name.
  static func checkBounds(_ call: NativeCall) throws {
    if call[0].tag == .tensor { return }
    let x = call[0].isNumber ? call[0].number : .nan, isWhole = try call.bool(5, default: false)
    var isWithin = !x.isNaN && (!isWhole || x == x.rounded())
    var words = ["a \(isWhole ? "whole " : "")number"]
    let hasLow = call.has(2), hasHigh = call.has(3)
    if hasLow {
      isWithin = try isWithin && x >= call.double(2)
      words.append("\(hasHigh ? "from" : "of at least") \(call.machine.brief(call[2]))")
    }
    if hasHigh {
      isWithin = try isWithin && x <= call.double(3)
      words.append("\(hasLow ? "to" : "up to") \(call.machine.brief(call[3]))")
    }
    if call.has(4) {
      isWithin = try isWithin && x < call.double(4)
      words.append("\(hasLow || hasHigh ? "and below" : "below") \(call.machine.brief(call[4]))")
    }
    if isWithin { return }
    let name = try call.text(1), given = call.machine.brief(call[0])
    throw RuntimeError(
      "E0200", "`\(name)` is \(words.joined(separator: " ")), not \(given)", label: "raised here")
  }
}
