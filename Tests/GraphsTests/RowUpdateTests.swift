import Tensors
import Testing

@testable import Graphs

/// Rows that are replaced where they lie: with the bits of copies, and without a trace when a run fails.
@Suite struct RowUpdateTests {
  private let examples = [sample([6, 3], .f32), sample([6, 3], .f32, seed: 2), Tensor(scalar: 1), Tensor(scalar: 4)]

  private func update(_ t: Trace, _ x: NodeID, _ start: NodeID, _ rows: NodeID) throws -> NodeID {
    try t.apply(.dynamicUpdate, [x, start, rows])
  }

  private func row(_ t: Trace, _ x: NodeID, _ start: NodeID) throws -> NodeID {
    try t.apply(.dynamicSlice(count: 1), [x, start])
  }

  private func total(_ t: Trace, _ x: NodeID) throws -> NodeID {
    try t.apply(.reduce(.sum, axes: Array(t.shape(x).indices)), [x])
  }

  /// The first input's rows replaced twice, the old value and the one between read, and a row of the last read behind all that.
  private func twice(_ t: Trace, _ n: [NodeID]) throws -> [NodeID] {
    let between = try update(t, n[0], n[2], row(t, n[1], n[3]))
    let seen = try t.apply(.binary(.add), [total(t, n[0]), total(t, between)])
    let last = try update(t, between, n[3], row(t, between, n[2]))
    return [last, try t.apply(.binary(.add), [seen, total(t, row(t, last, n[2]))])]
  }

  @Test func twoUpdatesLieInTheInput() throws {
    let plan = try plan(examples, twice)
    #expect(plan.memory.donors == [0, nil])
    var inputs: [Tensor?] = examples.map(copy)
    let place = inputs[0]?.pointer
    let results = try plan.run(&inputs)
    #expect(results[0].pointer == place && inputs[0] == nil)
    for (x, y) in zip(results, try runEager(examples, twice)) { #expect(x.hasSameBits(as: y)) }
    // Somebody else looks at the input.
    inputs = examples.map(copy)
    let held = inputs[0]
    let fresh = try plan.run(&inputs)
    #expect(fresh[0].hasSameBits(as: results[0]) && held?.hasSameBits(as: examples[0]) == true)
  }

  /// `t[i, j] = v`: the row is read, changed and put back where it lies.
  @Test func elementsOfRowsLieInTheInput() throws {
    let inputs = [sample([6, 3], .f32), Tensor(scalar: 4), Tensor(scalar: -1), Tensor(scalar: Float(7))]
    let plan = try plan(inputs) { t, n in
      let old = try t.apply(.reshape([3]), [row(t, n[0], n[1])])
      let new = try update(t, old, n[2], t.apply(.reshape([1]), [n[3]]))
      return [try update(t, n[0], n[1], t.apply(.reshape([1, 3]), [new]))]
    }
    #expect(plan.memory.donors == [0])
    var held: [Tensor?] = inputs.map(copy)
    let place = held[0]?.pointer
    let result = try plan.run(&held)[0]
    #expect(result.pointer == place && result.element(14) == 7 && result.element(13) == inputs[0].element(13))
  }

  /// The second update's place is none: the first one's rows come back.
  @Test(arguments: [(1, 6), (6, 4), (-7, 2), (2, -7)]) func whatFailsLeavesItsInputs(first: Int, second: Int) throws {
    let plan = try plan(examples, twice)
    var inputs: [Tensor?] = examples.map(copy)
    let place = inputs[0]?.pointer
    for round in 0..<2 {
      // A run that ends well between two that fail.
      for (i, j, ends) in [(first, second, false), (round, 3, true), (first, second, false)] {
        (inputs[2], inputs[3]) = (Tensor(scalar: i), Tensor(scalar: j))
        let before = try #require(inputs[0].map(copy))
        if ends {
          inputs[0] = try plan.run(&inputs)[0]
          #expect(inputs[0]?.hasSameBits(as: before) == false)
        } else {
          #expect(throws: GraphError.self) { try plan.run(&inputs) }
          #expect(inputs[0]?.hasSameBits(as: before) == true)
        }
        #expect(inputs[0]?.pointer == place)
      }
    }
  }

  @Test func repeatedRunsPutRowsBack() throws {
    let record: (Trace, [NodeID]) throws -> [NodeID] = { t, n in [try self.twice(t, n)[0]] }
    let plan = try plan(examples, record)
    var inputs: [Tensor?] = examples.map(copy)
    let run = try #require(try RepeatedRun(plan, &inputs, places: [0]))
    try run.run()
    let before = try #require(inputs[0].map(copy))
    inputs[3]?.pointer.storeBytes(of: 7, as: Int.self)
    #expect(throws: GraphError.self) { try run.run() }
    run.end(&inputs)
    #expect(inputs[0]?.hasSameBits(as: before) == true)
    #expect(before.hasSameBits(as: try runEager(examples, record)[0]))
  }

  /// Any mixture of updates, readers of rows and readers of all, failing or not, is as it would be with copies.
  @Test(arguments: 0..<60) func mixtures(seed: Int) throws {
    let record: (Trace, [NodeID]) throws -> [NodeID] = { t, n in
      var dice = Dice(seed)
      var values = [n[0], n[1]]
      var unread: Set<Int> = []
      var numbers: [NodeID] = []
      func take() -> NodeID {
        let index = dice.below(3) == 0 ? dice.below(values.count) : values.count - 1 - dice.below(2)
        unread.remove(index)
        return values[index]
      }
      for _ in 0..<(2 + dice.below(6)) {
        switch dice.below(5) {
        case 0, 1, 2:
          values.append(try update(t, take(), dice.pick([n[2], n[3]]), row(t, take(), dice.pick([n[2], n[3]]))))
        case 3: values.append(try t.apply(.binary(.add), [take(), take()]))
        default:
          numbers.append(try total(t, dice.below(2) == 0 ? take() : row(t, take(), dice.pick([n[2], n[3]]))))
          continue
        }
        unread.insert(values.count - 1)
      }
      for index in unread.sorted() where index < values.count - 1 { numbers.append(try total(t, values[index])) }
      return [values[values.count - 1], values[values.count - 2]] + numbers
    }
    let planned = try plan(examples, record)
    for (i, j) in [(1, 4), (5, 0), (2, 6), (3, 3), (-1, 2)] {
      let given = Array(examples[..<2]) + [Tensor(scalar: i), Tensor(scalar: j)]
      let expected = try? runEager(given, record)
      var inputs: [Tensor?] = given.map(copy)
      let found = try? planned.run(&inputs)
      #expect((expected == nil) == (found == nil), "\(i), \(j)")
      for (x, y) in zip(expected ?? [], found ?? []) { #expect(areSame(x, y)) }
      for (x, y) in zip(given, inputs) where found == nil { #expect(y?.hasSameBits(as: x) == true) }
    }
  }

  // MARK: loops

  /// x ← x with row i of it doubled and, every other time, looked at before or after; out: that row's sum, or all of x.
  private func scan(_ out: Int, length: Int) throws -> ScanProgram {
    let body = Trace(.staged)
    let x = body.input(shape: [6, 3], type: .f32), i = body.input(shape: [], type: .i64)
    let old = try row(body, x, i)
    let next = try update(body, x, i, body.apply(.binary(.add), [old, old]))
    let seen = [try total(body, old), try total(body, next), try total(body, x), x, next][out]
    return try ScanProgram(body: body.recorded(outputs: [next, seen]), carries: 1, sequences: 1, length: length)
  }

  @Test(arguments: 0..<5, [0, 1, 4]) func carriesStayInOnePlace(_ out: Int, _ length: Int) throws {
    let places = try Tensor([2, 5, 2, 0].prefix(length).map { $0 })
    let (given, before) = ([examples[0], places], copy(examples[0]))
    let record: (Trace, [NodeID]) throws -> [NodeID] = { t, n in try t.apply(self.scan(out, length: length), n) }
    let unrolled = try runEager([examples[0]] + places.array(of: Int64.self).map { Tensor(scalar: Int($0)) }) { t, n in
      var (x, outs) = (n[0], [NodeID]())
      for i in n.dropFirst() {
        let old = try self.row(t, x, i)
        let next = try self.update(t, x, i, t.apply(.binary(.add), [old, old]))
        outs.append([try self.total(t, old), try self.total(t, next), try self.total(t, x), x, next][out])
        x = next
      }
      return [x] + outs
    }
    let planned = try plan(given, record)
    var inputs: [Tensor?] = given.map(copy)
    for results in [try runEager(given, record), try planned.run(&inputs)] {
      #expect(results[0].hasSameBits(as: unrolled[0]))
      #expect(values(results[1]) == unrolled.dropFirst().flatMap(values))
    }
    for x in [inputs[0], given[0]] { #expect(x?.hasSameBits(as: before) == true) }
  }

  @Test func whileLoopsReplaceRows() throws {
    func trace(_ make: (Trace, [NodeID]) throws -> [NodeID]) throws -> Graph {
      let t = Trace(.staged)
      let n = [t.input(shape: [6, 3], type: .f32), t.input(shape: [], type: .i64)]
      return try t.recorded(outputs: make(t, n))
    }
    let loop = try WhileProgram(
      condition: trace { t, n in [try t.apply(.compare(.less), [n[1], t.scalar(4, .i64)])] },
      body: trace { t, n in
        let one = try t.apply(.binary(.add), [n[1], t.scalar(1, .i64)])
        return [try self.update(t, n[0], one, self.row(t, n[0], n[1])), one]
      })
    let (given, before) = ([examples[0], Tensor(scalar: 0)], copy(examples[0]))
    let record: (Trace, [NodeID]) throws -> [NodeID] = { t, n in try t.apply(loop, n) }
    var inputs: [Tensor?] = given.map(copy)
    let first = values(examples[0])
    // Row 0 goes into all but the last.
    let expected = first.indices.map { place -> Double in place < 15 ? first[place % 3] : first[place] }
    for results in [try runEager(given, record), try plan(given, record).run(&inputs)] {
      #expect(values(results[0]) == expected)
    }
    for x in [inputs[0], given[0]] { #expect(x?.hasSameBits(as: before) == true) }
  }
}
