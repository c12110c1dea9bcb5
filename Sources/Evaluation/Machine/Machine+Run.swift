import Graphs

/// The loop. Only locals and raw pointers are touched in it; whatever is rare stands in the other
/// files of the family.
extension Machine {
  /// Writes a register, giving back what it held.
  @inline(__always) static func put(_ heap: Heap, _ slot: UnsafeMutablePointer<Value>, _ value: Value) {
    let old = slot.pointee
    slot.pointee = value
    heap.release(old)
  }

  /// Gives back what a register held because its last use is over.
  @inline(__always) static func drop(_ heap: Heap, _ slot: UnsafeMutablePointer<Value>) {
    let old = slot.pointee
    if old.isHeap {
      slot.pointee = .none
      heap.release(old)
    }
  }

  /// Remembers where the machine is while it is out of its loop.
  @inline(__always) private func save(
    _ frame: UnsafeMutablePointer<Frame>, _ pc: UnsafeMutablePointer<Instruction>,
    at place: UnsafeMutablePointer<UnsafeMutablePointer<Frame>>
  ) {
    frame.pointee.code = pc
    place.pointee = frame
  }

  /// The same, for a call in the middle of an expression.
  @inline(__always) private func at(
    _ frame: UnsafeMutablePointer<Frame>, _ pc: UnsafeMutablePointer<Instruction>,
    _ place: UnsafeMutablePointer<UnsafeMutablePointer<Frame>>
  ) -> Machine {
    save(frame, pc, at: place)
    return self
  }

  /// Ends a fused comparison.
  @inline(__always) private func jump(
    _ pc: inout UnsafeMutablePointer<Instruction>, _ i: Instruction, when outcome: Bool
  ) throws {
    if outcome == (i.x & 4 != 0) {
      pc += i.shortJump
      if i.shortJump < 0 && poll.isRaised { try answerPoll() }
    }
  }

  /// Runs from the frame `start`, which is `entry` or the one above it, until the code of `entry` halts; gives the
  /// value it halts with, owned. An error that nobody catches clears the frames down to `entry`.
  func run(from start: UnsafeMutablePointer<Frame>, entry: UnsafeMutablePointer<Frame>) throws -> Value {
    let heap = self.heap
    let poll = self.poll
    let place = framePlace
    let limits = Limits(stack: stackLimit, frame: frameLimit, poll: poll)
    var frame = start
    var pc = frame.pointee.code
    var R = frame.pointee.base
    var K = frame.pointee.prototype.pointee.constants
    while true {
      do {
        while true {
          let i = pc.pointee
          pc += 1
          switch i.op {
          case .nop: break
          case .mark: Probe.moment?.pointee.line = i.jump
          case .markSave: Machine.put(heap, R + i.a, Value(Probe.moment?.pointee.line ?? 0))
          case .markRestore: if R[i.a].tag == .int { Probe.moment?.pointee.line = R[i.a].asInt }
          case .halt:
            self.frame = frame
            let value = R[i.a]
            R[i.a] = .none
            return value

          // MARK: loads and moves
          case .loadConstant: Machine.put(heap, R + i.a, heap.retained(K[i.b]))
          case .loadInteger: Machine.put(heap, R + i.a, Value(i.jump))
          case .loadNone: Machine.put(heap, R + i.a, .none)
          case .loadTrue: Machine.put(heap, R + i.a, Value(true))
          case .loadFalse: Machine.put(heap, R + i.a, Value(false))
          case .copy: Machine.put(heap, R + i.a, heap.retained(R[i.b]))
          case .move:
            let value = R[i.b]
            R[i.b] = .none
            Machine.put(heap, R + i.a, value)
          case .drop: Machine.put(heap, R + i.a, .none)
          case .getCapture: Machine.put(heap, R + i.a, heap.retained(frame.pointee.captures[i.b]))
          case .getState: Machine.put(heap, R + i.a, try TensorHooks.readState(self, frame.pointee.captures[i.b]))
          case .setState:
            let value = R[i.a]
            R[i.a] = .none
            try TensorHooks.assignState(self, frame.pointee.captures[i.b], value)
          case .getPrelude:
            let cache = frame.pointee.prototype.pointee.caches + i.c
            if cache.pointee.value.isUnset {
              save(frame, pc, at: place)
              cache.pointee.value = try libraryValue(cache.pointee.key)
            }
            Machine.put(heap, R + i.a, heap.retained(cache.pointee.value))
          case .getSelf:
            // The function slot may have been left empty by a self call: the captures stand behind the closure.
            let object = UnsafeMutableRawPointer(frame.pointee.captures) - ClosureObject.headerBytes
            Machine.put(heap, R + i.a, heap.retained(Value(object: object, .closure)))
          case .makeClosure, .makeOverload:
            let recipe = frame.pointee.prototype.pointee.recipes + i.b
            if recipe.pointee.shared.isHeap {
              Machine.put(heap, R + i.a, heap.retained(recipe.pointee.shared))
            } else {
              let made = make(frame.pointee.prototype, i.b, registers: R, captures: frame.pointee.captures)
              Machine.put(heap, R + i.a, made)
            }

          // MARK: arithmetic
          case .add:
            let b = R[i.b], c = R[i.c]
            if b.tag == .float && c.tag == .float {
              Machine.put(heap, R + i.a, Value(b.asDouble + c.asDouble))
            } else if b.tag == .int && c.tag == .int {
              let (sum, overflow) = b.asInt.addingReportingOverflow(c.asInt)
              if overflow { throw Machine.overflow(.add, b, c) }
              Machine.put(heap, R + i.a, Value(sum))
            } else {
              save(frame, pc, at: place)
              try binarySlow(.add, R + i.a, R + i.b, R + i.c, i.x)
            }
          case .subtract:
            let b = R[i.b], c = R[i.c]
            if b.tag == .float && c.tag == .float {
              Machine.put(heap, R + i.a, Value(b.asDouble - c.asDouble))
            } else if b.tag == .int && c.tag == .int {
              let (difference, overflow) = b.asInt.subtractingReportingOverflow(c.asInt)
              if overflow { throw Machine.overflow(.subtract, b, c) }
              Machine.put(heap, R + i.a, Value(difference))
            } else {
              save(frame, pc, at: place)
              try binarySlow(.subtract, R + i.a, R + i.b, R + i.c, i.x)
            }
          case .multiply:
            let b = R[i.b], c = R[i.c]
            if b.tag == .float && c.tag == .float {
              Machine.put(heap, R + i.a, Value(b.asDouble * c.asDouble))
            } else if b.tag == .int && c.tag == .int {
              let (product, overflow) = b.asInt.multipliedReportingOverflow(by: c.asInt)
              if overflow { throw Machine.overflow(.multiply, b, c) }
              Machine.put(heap, R + i.a, Value(product))
            } else {
              save(frame, pc, at: place)
              try binarySlow(.multiply, R + i.a, R + i.b, R + i.c, i.x)
            }
          case .divide:
            let b = R[i.b], c = R[i.c]
            if b.tag == .float && c.tag == .float {
              Machine.put(heap, R + i.a, Value(b.asDouble / c.asDouble))
            } else if b.tag == .int && c.tag == .int {
              Machine.put(heap, R + i.a, Value(Double(b.asInt) / Double(c.asInt)))
            } else {
              save(frame, pc, at: place)
              try binarySlow(.divide, R + i.a, R + i.b, R + i.c, i.x)
            }
          case .floorDivide:
            save(frame, pc, at: place)
            try binarySlow(.floorDivide, R + i.a, R + i.b, R + i.c, i.x)
          case .remainder:
            let b = R[i.b], c = R[i.c]
            if b.tag == .int && c.tag == .int && c.asInt > 0 {
              let r = b.asInt % c.asInt
              Machine.put(heap, R + i.a, Value(r < 0 ? r &+ c.asInt : r))
            } else {
              save(frame, pc, at: place)
              try binarySlow(.remainder, R + i.a, R + i.b, R + i.c, i.x)
            }
          case .power:
            save(frame, pc, at: place)
            try binarySlow(.power, R + i.a, R + i.b, R + i.c, i.x)
          case .matmul:
            save(frame, pc, at: place)
            try binarySlow(.matmul, R + i.a, R + i.b, R + i.c, i.x)
          case .join:
            save(frame, pc, at: place)
            try join(R + i.a, R + i.b, R + i.c, i.x)
          case .addK:
            let b = R[i.b], c = K[i.c]
            if b.tag == .int && c.tag == .int {
              let (sum, overflow) = b.asInt.addingReportingOverflow(c.asInt)
              if overflow { throw i.x & 8 == 0 ? Machine.overflow(.add, b, c) : Machine.overflow(.add, c, b) }
              Machine.put(heap, R + i.a, Value(sum))
            } else if b.tag == .float && c.tag == .float {
              Machine.put(heap, R + i.a, Value(b.asDouble + c.asDouble))
            } else {
              save(frame, pc, at: place)
              try constantSlow(.add, R + i.a, R + i.b, K + i.c, i.x)
            }
          case .subtractK:
            let b = R[i.b], c = K[i.c]
            if b.tag == .int && c.tag == .int {
              let (difference, overflow) = b.asInt.subtractingReportingOverflow(c.asInt)
              if overflow { throw Machine.overflow(.subtract, b, c) }
              Machine.put(heap, R + i.a, Value(difference))
            } else if b.tag == .float && c.tag == .float {
              Machine.put(heap, R + i.a, Value(b.asDouble - c.asDouble))
            } else {
              save(frame, pc, at: place)
              try binarySlow(.subtract, R + i.a, R + i.b, K + i.c, i.x & 1)
            }
          case .multiplyK:
            let b = R[i.b], c = K[i.c]
            if b.tag == .float && c.tag == .float {
              Machine.put(heap, R + i.a, Value(b.asDouble * c.asDouble))
            } else if b.tag == .int && c.tag == .int {
              let (product, overflow) = b.asInt.multipliedReportingOverflow(by: c.asInt)
              if overflow { throw i.x & 8 == 0 ? Machine.overflow(.multiply, b, c) : Machine.overflow(.multiply, c, b) }
              Machine.put(heap, R + i.a, Value(product))
            } else {
              save(frame, pc, at: place)
              try constantSlow(.multiply, R + i.a, R + i.b, K + i.c, i.x)
            }
          case .divideK:
            let b = R[i.b], c = K[i.c]
            if b.isNumber {
              Machine.put(heap, R + i.a, Value(b.number / c.number))
            } else {
              save(frame, pc, at: place)
              try binarySlow(.divide, R + i.a, R + i.b, K + i.c, i.x & 1)
            }
          case .floorDivideK:
            let b = R[i.b], c = K[i.c]
            if b.tag == .int && c.tag == .int && c.asInt > 0 {
              let q = b.asInt / c.asInt
              Machine.put(heap, R + i.a, Value(q &* c.asInt > b.asInt ? q &- 1 : q))
            } else {
              save(frame, pc, at: place)
              try binarySlow(.floorDivide, R + i.a, R + i.b, K + i.c, i.x & 1)
            }
          case .remainderK:
            let b = R[i.b], c = K[i.c]
            if b.tag == .int && c.tag == .int && c.asInt > 0 {
              let r = b.asInt % c.asInt
              Machine.put(heap, R + i.a, Value(r < 0 ? r &+ c.asInt : r))
            } else {
              save(frame, pc, at: place)
              try binarySlow(.remainder, R + i.a, R + i.b, K + i.c, i.x & 1)
            }
          case .powerK:
            let b = R[i.b], c = K[i.c]
            if b.tag == .float && c.tag == .int && c.asInt == 2 {
              Machine.put(heap, R + i.a, Value(b.asDouble * b.asDouble))
            } else {
              save(frame, pc, at: place)
              try binarySlow(.power, R + i.a, R + i.b, K + i.c, i.x & 1)
            }
          case .subtractFromK:
            let b = K[i.c], c = R[i.b]
            if b.tag == .float && c.tag == .float {
              Machine.put(heap, R + i.a, Value(b.asDouble - c.asDouble))
            } else {
              save(frame, pc, at: place)
              try binarySlow(.subtract, R + i.a, K + i.c, R + i.b, (i.x & 1) << 1)
            }
          case .divideIntoK:
            let b = K[i.c], c = R[i.b]
            if c.isNumber {
              Machine.put(heap, R + i.a, Value(b.number / c.number))
            } else {
              save(frame, pc, at: place)
              try binarySlow(.divide, R + i.a, K + i.c, R + i.b, (i.x & 1) << 1)
            }
          case .negate:
            let b = R[i.b]
            if b.tag == .float {
              Machine.put(heap, R + i.a, Value(-b.asDouble))
            } else if b.tag == .int && b.asInt != Int.min {
              Machine.put(heap, R + i.a, Value(0 &- b.asInt))
            } else {
              save(frame, pc, at: place)
              try unarySlow(.negate, R + i.a, R + i.b, i.x)
            }
          case .not:
            let b = R[i.b]
            if b.tag == .bool {
              Machine.put(heap, R + i.a, Value(!b.asBool))
            } else {
              save(frame, pc, at: place)
              try unarySlow(.not, R + i.a, R + i.b, i.x)
            }

          // MARK: comparisons
          case .equal:
            let b = R[i.b], c = R[i.c]
            if b.tag == .int && c.tag == .int {
              Machine.put(heap, R + i.a, Value(b.bits == c.bits))
            } else {
              save(frame, pc, at: place)
              try compareSlow(.equal, R + i.a, R + i.b, R + i.c, i.x)
            }
          case .notEqual:
            let b = R[i.b], c = R[i.c]
            if b.tag == .int && c.tag == .int {
              Machine.put(heap, R + i.a, Value(b.bits != c.bits))
            } else {
              save(frame, pc, at: place)
              try compareSlow(.notEqual, R + i.a, R + i.b, R + i.c, i.x)
            }
          case .less:
            let b = R[i.b], c = R[i.c]
            if b.tag == .int && c.tag == .int {
              Machine.put(heap, R + i.a, Value(b.asInt < c.asInt))
            } else if b.tag == .float && c.tag == .float {
              Machine.put(heap, R + i.a, Value(b.asDouble < c.asDouble))
            } else {
              save(frame, pc, at: place)
              try compareSlow(.less, R + i.a, R + i.b, R + i.c, i.x)
            }
          case .lessEqual:
            let b = R[i.b], c = R[i.c]
            if b.tag == .int && c.tag == .int {
              Machine.put(heap, R + i.a, Value(b.asInt <= c.asInt))
            } else if b.tag == .float && c.tag == .float {
              Machine.put(heap, R + i.a, Value(b.asDouble <= c.asDouble))
            } else {
              save(frame, pc, at: place)
              try compareSlow(.lessEqual, R + i.a, R + i.b, R + i.c, i.x)
            }
          case .compareOther:
            let word = pc.pointee
            save(frame, pc, at: place)
            try compareOther(word, R, R + i.a, R + i.b, R + i.c, i.x)
            pc += 1
          case .both:
            save(frame, pc, at: place)
            try both(R + i.a, R + i.b, R + i.c)

          // MARK: jumps
          case .jump: pc += i.jump
          case .loop:
            pc += i.jump
            if poll.isRaised { try answerPoll() }
          case .jumpIf, .jumpIfNot:
            let a = R[i.a]
            var outcome = a.bits != 0
            if a.tag != .bool {
              save(frame, pc, at: place)
              outcome = try condition(R + i.a, i.x)
            }
            if outcome == (i.op == .jumpIf) {
              pc += i.jump
              if i.jump < 0 && poll.isRaised { try answerPoll() }
            }
          case .jumpIfNone, .jumpIfNotNone:
            if (R[i.a].tag == .none) == (i.op == .jumpIfNone) {
              pc += i.jump
              if i.jump < 0 && poll.isRaised { try answerPoll() }
            }
            if i.x & 1 != 0 { Machine.drop(heap, R + i.a) }
          case .jumpIfSet: if R[i.a].tag != .unset { pc += i.jump }
          case .jumpEqual:
            let a = R[i.a], b = R[i.b]
            let outcome =
              a.tag == .int && b.tag == .int
              ? a.bits == b.bits : try at(frame, pc, place).compareToJump(.equal, R + i.a, R + i.b, i.x)
            try jump(&pc, i, when: outcome)
          case .jumpLess:
            let a = R[i.a], b = R[i.b]
            let outcome =
              a.tag == .int && b.tag == .int
              ? a.asInt < b.asInt
              : a.tag == .float && b.tag == .float
                ? a.asDouble < b.asDouble
                : try at(frame, pc, place).compareToJump(.less, R + i.a, R + i.b, i.x)
            try jump(&pc, i, when: outcome)
          case .jumpLessEqual:
            let a = R[i.a], b = R[i.b]
            let outcome =
              a.tag == .int && b.tag == .int
              ? a.asInt <= b.asInt
              : a.tag == .float && b.tag == .float
                ? a.asDouble <= b.asDouble
                : try at(frame, pc, place).compareToJump(.lessEqual, R + i.a, R + i.b, i.x)
            try jump(&pc, i, when: outcome)
          case .jumpEqualK:
            let a = R[i.a], b = K[i.b]
            let outcome =
              a.tag == .int && b.tag == .int
              ? a.bits == b.bits : try at(frame, pc, place).compareToJump(.equal, R + i.a, K + i.b, i.x & ~2)
            try jump(&pc, i, when: outcome)
          case .jumpLessK:
            let a = R[i.a], b = K[i.b]
            let outcome =
              a.tag == .int && b.tag == .int
              ? a.asInt < b.asInt
              : a.tag == .float && b.tag == .float
                ? a.asDouble < b.asDouble
                : try at(frame, pc, place).compareToJump(.less, R + i.a, K + i.b, i.x & ~2)
            try jump(&pc, i, when: outcome)
          case .jumpLessEqualK:
            let a = R[i.a], b = K[i.b]
            let outcome =
              a.tag == .int && b.tag == .int
              ? a.asInt <= b.asInt
              : a.tag == .float && b.tag == .float
                ? a.asDouble <= b.asDouble
                : try at(frame, pc, place).compareToJump(.lessEqual, R + i.a, K + i.b, i.x & ~2)
            try jump(&pc, i, when: outcome)
          case .jumpGreaterK:
            let a = R[i.a], b = K[i.b]
            let outcome =
              a.tag == .int && b.tag == .int
              ? a.asInt > b.asInt
              : a.tag == .float && b.tag == .float
                ? a.asDouble > b.asDouble
                : try at(frame, pc, place).compareToJump(.greater, R + i.a, K + i.b, i.x & ~2)
            try jump(&pc, i, when: outcome)
          case .jumpGreaterEqualK:
            let a = R[i.a], b = K[i.b]
            let outcome =
              a.tag == .int && b.tag == .int
              ? a.asInt >= b.asInt
              : a.tag == .float && b.tag == .float
                ? a.asDouble >= b.asDouble
                : try at(frame, pc, place).compareToJump(.greaterEqual, R + i.a, K + i.b, i.x & ~2)
            try jump(&pc, i, when: outcome)
          case .asCondition:
            if R[i.b].tag == .bool {
              if i.a != i.b { Machine.put(heap, R + i.a, R[i.b]) }
            } else {
              let outcome = try condition(R + i.b, 0)
              Machine.put(heap, R + i.a, Value(outcome))
            }

          // MARK: strings
          case .concatenate:
            save(frame, pc, at: place)
            try concatenate(R + i.a, R + i.b, i.c)
          case .format:
            save(frame, pc, at: place)
            try format(R + i.a, K[i.b])

          // MARK: collections
          case .newList:
            let list = heap.list(taking: UnsafeBufferPointer(start: R + i.b, count: i.c))
            for j in 0..<i.c { R[i.b &+ j] = .none }
            Machine.put(heap, R + i.a, list)
          case .listAppend:
            let value = R[i.b]
            if i.x & 2 != 0 { R[i.b] = .none } else { heap.retain(value) }
            R[i.a] = heap.append(value, to: R[i.a])
          case .listExtend:
            save(frame, pc, at: place)
            try listExtend(R + i.a, R + i.b)
          case .joinElements:
            let a = R[i.a]
            if a.tag == .list && a.isUnique && i.c == 1 && a.list.count < a.list.pointee.capacity {
              a.list.elements[a.list.count] = R[i.b]
              a.list.pointee.count &+= 1
              R[i.b] = .none
              break
            }
            save(frame, pc, at: place)
            try joinElements(R + i.a, R + i.b, i.c)
          case .newRecord:
            let known = frame.pointee.prototype.pointee.shapes[i.c]
            let shape = known ?? self.shape(frame.pointee.prototype, i.c)
            shape.pointee.references &+= 1
            let count = shape.pointee.count
            let record = heap.record(shape: shape, capacity: count)
            let values = record.record.values
            for j in 0..<count {
              values[j] = R[i.b &+ j]
              R[i.b &+ j] = .none
            }
            Machine.put(heap, R + i.a, record)
          case .recordSet: try recordSet(R + i.a, R + i.b, R + i.c)
          case .recordExtend: try recordExtend(R + i.a, R + i.b)
          case .newRange: try newRange(R + i.a, R + i.b, i.x)
          case .getIndex:
            let b = R[i.b], c = R[i.c]
            if b.tag == .list && c.tag == .int {
              let list = b.list
              var index = c.asInt
              if index < 0 { index &+= list.count }
              if UInt(bitPattern: index) < UInt(bitPattern: list.count) {
                let value = heap.retained(list.elements[index])
                if i.x & 1 != 0 { Machine.drop(heap, R + i.b) }
                Machine.put(heap, R + i.a, value)
                break
              }
            }
            save(frame, pc, at: place)
            try getIndexSlow(R + i.a, R + i.b, R + i.c, i.x)
          case .getIndexK:
            let b = R[i.b]
            if b.tag == .list {
              let list = b.list
              var index = i.shortJump
              if index < 0 { index &+= list.count }
              if UInt(bitPattern: index) < UInt(bitPattern: list.count) {
                let value = heap.retained(list.elements[index])
                if i.x & 1 != 0 { Machine.drop(heap, R + i.b) }
                Machine.put(heap, R + i.a, value)
                break
              }
            }
            save(frame, pc, at: place)
            try getIndexSlow(R + i.a, R + i.b, at: i.shortJump, i.x)
          case .getIndexes:
            save(frame, pc, at: place)
            try getIndexes(frame.pointee.prototype, R + i.a, R + i.b, i.c)
          case .setIndex:
            let a = R[i.a], b = R[i.b]
            // A list is never put into itself: then the slow path copies it first.
            if a.tag == .list && b.tag == .int && a.isUnique && R[i.c].bits != a.bits {
              let list = a.list
              var index = b.asInt
              if index < 0 { index &+= list.count }
              if UInt(bitPattern: index) < UInt(bitPattern: list.count) {
                let value = R[i.c]
                if i.x & 2 != 0 { R[i.c] = .none } else { heap.retain(value) }
                Machine.put(heap, list.elements + index, value)
                break
              }
            }
            save(frame, pc, at: place)
            try setIndexSlow(R + i.a, R + i.b, R + i.c, i.x)
          case .assignPath:
            save(frame, pc, at: place)
            try assignPath(frame.pointee.prototype, R, R + i.a, R + i.b, i.c)
          case .getField:
            let b = R[i.b]
            let cache = frame.pointee.prototype.pointee.caches + i.c
            if b.tag == .record, b.record.shape.pointee.id == cache.pointee.shape {
              let value = heap.retained(b.record.values[Int(cache.pointee.index)])
              if i.x & 1 != 0 { Machine.drop(heap, R + i.b) }
              Machine.put(heap, R + i.a, value)
            } else {
              save(frame, pc, at: place)
              try getFieldSlow(R + i.a, R + i.b, cache, i.x)
            }
          case .tryField:
            let b = R[i.b]
            let cache = frame.pointee.prototype.pointee.caches + i.c
            if b.tag == .record, b.record.shape.pointee.id == cache.pointee.shape {
              let value = heap.retained(b.record.values[Int(cache.pointee.index)])
              if i.x & 1 != 0 { Machine.drop(heap, R + i.b) }
              Machine.put(heap, R + i.a, value)
            } else if try !tryFieldSlow(R + i.a, R + i.b, cache, i.x) {
              pc += 1
            }
          case .tryMethod:
            let a = R[i.a]
            if a.tag != .record && a.tag != .closure && a.tag != .module && a.tag != .table {
              pc += 1
            } else if try !tryMethod(R + i.a, frame.pointee.prototype.pointee.caches + i.c) {
              pc += 1
            }
          case .checkMethod: if !R[i.a].isFunction { throw notAMethod(frame.pointee.prototype, R + i.a, i.b) }
          case .setField:
            let a = R[i.a]
            let cache = frame.pointee.prototype.pointee.caches + i.c
            if a.tag == .record, a.isUnique, a.record.shape.pointee.id == cache.pointee.shape, R[i.b].bits != a.bits {
              let value = R[i.b]
              if i.x & 1 != 0 { R[i.b] = .none } else { heap.retain(value) }
              Machine.put(heap, a.record.values + Int(cache.pointee.index), value)
            } else {
              save(frame, pc, at: place)
              try setFieldSlow(R + i.a, R + i.b, cache, i.x)
            }

          // MARK: patterns
          case .checkList: try checkList(R[i.a], i.b, hasRest: i.x & 4 != 0)
          case .element:
            let b = R[i.b]
            if b.tag == .list {
              Machine.put(heap, R + i.a, heap.retained(b.list.elements[i.c]))
            } else {
              try elementSlow(R + i.a, b, i.c)
            }
          case .restOf: try restOf(R + i.a, R[i.b], i.c)

          // MARK: loops
          case .iterate:
            save(frame, pc, at: place)
            try iterate(R + i.a)
            if i.x & 8 != 0 { try checkRoom(forEach: R + i.a) }
          case .next:
            let a = R[i.a], position = R[i.a &+ 1].asInt
            if a.tag == .list {
              guard position < a.list.count else { break }
              R[i.a &+ 1] = Value(position &+ 1)
              Machine.put(heap, R + i.b, heap.retained(a.list.elements[position]))
            } else if a.tag == .int {
              guard position > 0 else { break }
              R[i.a &+ 1] = Value(position &- 1)
              R[i.a] = Value(a.asInt &+ 1)
              Machine.put(heap, R + i.b, a)
            } else {
              save(frame, pc, at: place)
              guard try nextSlow(R + i.a, R + i.b) else { break }
            }
            pc += i.shortJump
            if poll.isRaised { try answerPoll() }
          case .rangePrepare:
            let start = R[i.a], end = R[i.a &+ 1]
            let (distance, overflow) = end.asInt.subtractingReportingOverflow(start.asInt)
            if start.tag == .int && end.tag == .int && !overflow && distance < Int.max {
              R[i.a &+ 1] = Value(max(0, i.x & 4 != 0 ? distance &+ 1 : distance))
            } else {
              try rangePrepare(R + i.a, isInclusive: i.x & 4 != 0)
            }
            if i.x & 8 != 0 { try checkRoom(forElements: R[i.a &+ 1].asInt) }
          case .rangeNext:
            // A: next value, A + 1: how many are left.
            let left = R[i.a &+ 1].asInt
            if left > 0 {
              R[i.a &+ 1] = Value(left &- 1)
              let value = R[i.a]
              R[i.a] = Value(value.asInt &+ 1)
              Machine.put(heap, R + i.b, value)
              pc += i.shortJump
              if poll.isRaised { try answerPoll() }
            }

          // MARK: calls
          case .call:
            let function = R[i.a]
            if function.tag == .closure,
              function.closure.pointee.prototype.pointee.simpleParameterCount == i.b
            {
              try enter(
                function.closure.pointee.prototype, captures: function.closure.captures, base: R + (i.a &+ 1),
                &frame, &pc, &R, &K, limits)
            } else {
              save(frame, pc, at: place)
              try enter(prepareCall(R + i.a, i.b, nil, result: R + i.c), &frame, &pc, &R, &K, limits)
            }
          case .callLocal, .callCapture:
            // The function stays where it is: the caller's register or captures keep it while it runs.
            let function = i.op == .callLocal ? R[i.b] : frame.pointee.captures[i.b]
            if function.tag == .closure,
              function.closure.pointee.prototype.pointee.simpleParameterCount == i.x
            {
              try enter(
                function.closure.pointee.prototype, captures: function.closure.captures, base: R + (i.a &+ 1),
                &frame, &pc, &R, &K, limits)
            } else {
              Machine.put(heap, R + i.a, heap.retained(function))
              save(frame, pc, at: place)
              try enter(prepareCall(R + i.a, i.x, nil, result: R + i.c), &frame, &pc, &R, &K, limits)
            }
          case .callSelf:
            let callee = frame.pointee.prototype
            if callee.pointee.simpleParameterCount == i.b {
              try enter(
                callee, captures: frame.pointee.captures, base: R + (i.a &+ 1), &frame, &pc, &R, &K, limits)
            } else {
              let object = UnsafeMutableRawPointer(frame.pointee.captures) - ClosureObject.headerBytes
              Machine.put(heap, R + i.a, heap.retained(Value(object: object, .closure)))
              save(frame, pc, at: place)
              try enter(prepareCall(R + i.a, i.b, nil, result: R + i.c), &frame, &pc, &R, &K, limits)
            }
          case .callShaped:
            save(frame, pc, at: place)
            let callee = try prepareShaped(frame.pointee.prototype, i.b, R + i.a, result: R + i.c)
            try enter(callee, &frame, &pc, &R, &K, limits)
          case .returnValue, .returnNone:
            var result = Value.none
            if i.op == .returnValue {
              result = R[i.a]
              if i.x & 1 != 0 { R[i.a] = .none } else { heap.retain(result) }
            }
            var slot = R - 1
            let end = R + i.b
            while slot < end {
              let value = slot.pointee
              if value.isHeap {
                slot.pointee = .none
                heap.release(value)
              }
              slot += 1
            }
            frame -= 1
            pc = frame.pointee.code
            R = frame.pointee.base
            K = frame.pointee.prototype.pointee.constants
            Machine.put(heap, R + (pc - 1).pointee.c, result)

          // MARK: statements
          case .makeParam: Machine.put(heap, R + i.a, try TensorHooks.makeParam(self, R[i.a]))
          case .makeState: Machine.put(heap, R + i.a, try TensorHooks.makeState(self, R[i.a]))
          case .note: note(K[i.b], R[i.a])
          case .show:
            save(frame, pc, at: place)
            try showStatement(R + i.a, i.x)
          case .expectTrue: try expectTrue(R + i.a, i.x)
          case .expectCompare:
            try expectCompare(pc.pointee, R, R + i.a, R + i.b, i.x)
            pc += 1
          case .expectFails:
            save(frame, pc, at: place)
            try expectFails(R + i.a)
          case .sweep:
            save(frame, pc, at: place)
            try sweep(frame.pointee.prototype, i.c, R + i.b, result: R + i.a)
          case .raise: throw raised(K[i.b])

          // MARK: two in one
          case .multiplyThen:
            let b = R[i.b], c = R[i.c]
            if b.tag == .float && c.tag == .float {
              pc += Machine.goOn(heap, R, i, pc.pointee, b.asDouble * c.asDouble)
            } else {
              pc = Machine.takeApart(pc, .multiply)
            }
          case .getFieldThen:
            let b = R[i.b]
            let cache = frame.pointee.prototype.pointee.caches + i.c
            if b.tag == .record, b.record.shape.pointee.id == cache.pointee.shape {
              let value = b.record.values[Int(cache.pointee.index)]
              if value.tag == .float {
                if i.x & 1 != 0 { Machine.drop(heap, R + i.b) }
                pc += Machine.goOn(heap, R, i, pc.pointee, value.asDouble)
              } else {
                pc = Machine.takeApart(pc, .getField)
              }
            } else {
              save(frame, pc, at: place)
              try getFieldSlow(R + i.a, R + i.b, cache, i.x)
            }
          case .getIndexThen, .getIndexKThen:
            let index = i.op == .getIndexThen ? R[i.c] : Value(i.shortJump)
            if let place = Machine.place(R[i.b], index), place.pointee.tag == .float {
              let value = place.pointee
              if i.x & 1 != 0 { Machine.drop(heap, R + i.b) }
              pc += Machine.goOn(heap, R, i, pc.pointee, value.asDouble)
            } else {
              pc = Machine.takeApart(pc, i.op == .getIndexThen ? .getIndex : .getIndexK)
            }
          case .getIndexTwice:
            let next = pc.pointee
            let index = next.op == .getIndex ? R[next.c] : Value(next.shortJump)
            if let row = Machine.place(R[i.b], R[i.c]), let place = Machine.place(row.pointee, index) {
              let value = heap.retained(place.pointee)
              if i.x & 1 != 0 { Machine.drop(heap, R + i.b) }
              Machine.put(heap, R + next.a, value)
              pc += 1
            } else {
              pc = Machine.takeApart(pc, .getIndex)
            }
          case .getIndexField:
            let next = pc.pointee
            let cache = frame.pointee.prototype.pointee.caches + next.c
            if let row = Machine.place(R[i.b], R[i.c]), row.pointee.tag == .record {
              let isKnown = row.pointee.record.shape.pointee.id == cache.pointee.shape
              let value = heap.retained(
                isKnown ? row.pointee.record.values[Int(cache.pointee.index)] : row.pointee)
              if i.x & 1 != 0 { Machine.drop(heap, R + i.b) }
              Machine.put(heap, R + (isKnown ? next.a : i.a), value)
              if isKnown { pc += 1 }
            } else {
              pc = Machine.takeApart(pc, .getIndex)
            }
          }
        }
      } catch {
        save(frame, pc, at: place)
        frame = try unwind(error, from: frame, entry: entry)
        pc = frame.pointee.code
        R = frame.pointee.base
        K = frame.pointee.prototype.pointee.constants
      }
    }
  }
}
