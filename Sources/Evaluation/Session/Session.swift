import CKernels
import Diagnostics
import Foundation
import Records
import Resolution
import Syntax
import Tensors

/// What runs programs for the command, the tests and studies: one interpreter whose top-level bindings live on from
/// cell to cell. All calls but `interrupt` come from one thread at a time, which should have a large stack.
public final class Session {
  let library: StandardLibrary
  let host: StudyHost
  let interrupts = InterruptGroup()
  let machine: Machine
  /// Top-level bindings so far.
  private(set) var names = GlobalNames()
  var nextSlot = 0
  /// Slot of `_`, once there are cells.
  private(set) var lastSlot: Int?
  /// Results of cells so far: the last is `_` and `_n`.
  private(set) var resultCount = 0
  /// Whether the last cell began to run, and so can be undone; false when it was incomplete or wrong.
  public private(set) var didRunLastCell = false
  /// Values shown by the cell that runs, to be named when it is over; owned.
  private var newResults: [(value: Value, origin: ResultOrigin)] = []
  /// Where the results `_1`, `_2`, … came from.
  private var origins: [Int: ResultOrigin] = [:]
  /// What was before each cell that can be undone, the last one at the end.
  var moments: [SessionMoment] = []
  /// Which tests of a file run, by place and name.
  private(set) var isTestWanted: (Int, String) -> Bool = { _, _ in true }
  /// Runs one of them in surroundings of its own.
  private(set) var runsTest: (() throws -> Void) throws -> Void = { try $0() }
  /// Seconds that a test may take, or a statement beside tests; nil for any number.
  private(set) var limit: Int?
  /// Whether the cell that runs answers its tests.
  private(set) var answersTests = false
  /// Whether a statement beside tests may end with an error.
  private(set) var mayFailInTests: (Span, String) -> Bool = { _, _ in false }
  /// Where the globals stand on the register stack.
  let base: UnsafeMutablePointer<Value>
  /// How often each place was met, so that equal statements draw differently.
  private(set) var places: [String: Int] = [:]
  /// The place of the statement that runs, as `key` takes it.
  private var lastPlace = ""

  /// A session that speaks to `host`; interpreters inside may use `threads` threads. `maxMemory` in bytes limits the
  /// values of each interpreter and all tensors of the process; nil takes half of the machine's memory. With `checksNaN`
  /// the first operation that makes a NaN is an error.
  public init(
    library: StandardLibrary, host: StudyHost, threads: Int, maxMemory: Int? = nil, checksNaN: Bool = false
  ) {
    self.library = library
    self.host = host
    do {
      machine = try Machine(
        library: library, host: host, interrupts: interrupts, byteLimit: maxMemory ?? Machine.defaultByteLimit)
    } catch { ProcessMemory.exhausted() }
    machine.threads = max(1, threads)
    machine.tensors.checksNaN = checksNaN
    base = machine.stack + 4
    beginSeed()
  }

  /// Draws begin with the seed that was asked for, or 0, until a `seed` statement says otherwise.
  func beginSeed() {
    machine.rootSeed = host.seedOverride ?? 0
    host.seeded(machine.rootSeed)
  }

  deinit { releaseBindings() }

  private func releaseBindings() {
    for moment in moments { release(moment) }
    moments = []
    for i in 0..<nextSlot { Machine.drop(machine.heap, base + i) }
  }

  /// Stops what is running with an error at its next back-edge or call. May be called from a signal handler or
  /// another thread.
  public func interrupt() { interrupts.interrupt() }

  /// Objects alive on the heap, library and constants left out: zero when all bindings are gone.
  public var liveObjects: Int {
    releaseBindings()
    machine.clearRoots()
    machine.heap.drain(ignoringInterrupts: true)
    return machine.heap.state.pointee.liveObjects
  }

  /// Copies that were made because a value to be changed had several holders.
  public var copies: Int { machine.heap.state.pointee.copies }

  // MARK: whole files

  /// Everything that is known to be wrong with a file, or with `--set` names, before it runs.
  public func check(_ file: SourceFile, settings: [String: String] = [:]) -> [Diagnostic] {
    let parsed = parse(file)
    var found = parsed.diagnostics
    let (program, problems) = resolve(
      parsed.tree, prelude: library.prelude, globals: names, nextSlot: nextSlot,
      isLibrary: library.contains(fileNamed: file.name))
    if parsed.diagnostics.isEmpty {
      found += problems + checkImports(program, of: file) + [Self.tooManyNames(program)].compactMap(\.self)
    }
    return found + checkSettings(parsed.tree, settings: settings)
  }

  /// Checks a file and runs its statements in order. Empty when all went well; errors of claims and trials are the
  /// host's.
  public func run(_ file: SourceFile, settings: [String: String] = [:]) -> [Diagnostic] {
    let parsed = parse(file)
    // All that is wrong with names, calls and settings is said at once.
    let problems = parsed.diagnostics + checkSettings(parsed.tree, settings: settings)
    if hasErrors(problems) { return check(file, settings: settings) }
    switch prepare(parsed.tree, keepsGlobals: false) {
    case .failure(let problems): return problems.diagnostics
    case .success(let program):
      interrupts.reset()
      return execute(program, mode: .run).diagnostics
    }
  }

  /// What became of a `test` block.
  public struct TestOutcome: Sendable {
    /// Its text.
    public var name: String
    /// Why it failed; nil when it passed.
    public var error: Diagnostic?
    /// Where it stands.
    public var span: Span
  }

  /// Runs the definitions and the `test` blocks of a file; claims, shown values and sweeps bound to no name are left
  /// out. In a file of the library itself names mean what they mean there: the sets merged over all its files. Only tests
  /// that are wanted run, which is asked with a test's place among those of the file, from 0, and its name. A statement goes
  /// without being run, or to its end, where it may fail so, which is asked with its place and an error's id. A test that is
  /// not over within `limit` seconds of the clock fails with E0309 at its next poll, and the next one runs; another statement that is
  /// not ends the file.
  public func runTests(
    _ file: SourceFile, mayFail: @escaping (Span, String) -> Bool = { _, _ in false },
    apart: @escaping (() throws -> Void) throws -> Void = { try $0() }, limit: Int? = nil,
    wanted: @escaping (Int, String) -> Bool = { _, _ in true }
  ) -> (outcomes: [TestOutcome], diagnostics: [Diagnostic]) {
    let parsed = parse(file)
    if hasErrors(parsed.diagnostics) { return ([], parsed.diagnostics) }
    let isLibrary = library.contains(fileNamed: file.name)
    var prepared = prepare(parsed.tree, keepsGlobals: false, isLibrary: isLibrary)
    if case .failure(let problems) = prepared {
      let tree = parsed.tree
      let others = tree.statements.filter { statement in
        !problems.diagnostics.contains { problem in
          problem.span.lower >= statement.span.lower && problem.span.upper <= statement.span.upper
            && mayFail(statement.span, problem.id)
        }
      }
      if others.count < tree.statements.count {
        prepared = prepare(
          SyntaxTree(file: tree.file, statements: others, nodeCount: tree.nodeCount, comments: tree.comments),
          keepsGlobals: false, isLibrary: isLibrary)
      }
    }
    switch prepared {
    case .failure(let problems): return ([], problems.diagnostics)
    case .success(let program):
      interrupts.reset()
      isTestWanted = wanted
      runsTest = apart
      self.limit = limit
      mayFailInTests = mayFail
      let result = execute(program, mode: .test)
      return (result.tests, result.diagnostics)
    }
  }

  // MARK: cells

  /// What became of a cell of the REPL.
  public enum CellOutcome: Sendable {
    /// The value of its last statement, which was not shown yet; earlier ones went to the host.
    case value(Datum)
    /// Nothing to show.
    case none
    /// More input could complete it.
    case incomplete
    /// What is wrong; the session goes on, with what was bound before.
    case failed([Diagnostic])
    /// An interrupt ended a fold at a step. What it came to is the value that `_` names; its statement, which begins at a byte of the
    /// cell, bound nothing, and those behind it did not run.
    case ended(step: Int, at: Int)
  }

  /// Runs a cell; its bindings stay for later cells. With `isKept` its results are `_1`, `_2`, … too, and `undoCell` can
  /// take it back. With `answersTests` its tests run, too. A statement that is not over within `limit` seconds of the clock fails
  /// with E0309.
  public func runCell(
    _ file: SourceFile, isKept: Bool = false, answersTests: Bool = false, limit: Int? = nil
  ) -> CellOutcome {
    self.limit = limit
    didRunLastCell = false
    self.answersTests = answersTests
    let parsed = parse(file)
    if parsed.isIncomplete { return .incomplete }
    if hasErrors(parsed.diagnostics) { return .failed(Self.withoutUnclosed(parsed.diagnostics)) }
    makeLastSlot(isNamed: !isKept || parsed.tree.statements.count > 1)
    let before = isKept ? moment() : nil
    switch prepare(parsed.tree, keepsGlobals: true) {
    case .failure(let problems):
      if let before { release(before) }
      return .failed(problems.diagnostics)
    case .success(let program):
      if isKept, let problem = program.program.globals.lazy.compactMap(Self.problemWithName).first {
        if let before { release(before) }
        return .failed([problem])
      }
      interrupts.reset()
      didRunLastCell = true
      if let before { keep(before) }
      let result = execute(program, mode: .cell)
      nameResults(isKept: isKept)
      if !result.diagnostics.isEmpty { return .failed(result.diagnostics) }
      if let step = result.endedAt { return .ended(step: step, at: Int(result.failedAt ?? 0)) }
      return result.last.map { .value($0) } ?? .none
    }
  }

  /// What is wrong with a cell whose typing goes no further: that its brackets are still open says nothing beside it.
  private static func withoutUnclosed(_ found: [Diagnostic]) -> [Diagnostic] {
    let others = found.filter { $0.id != "E0021" }
    return others.isEmpty ? found : others
  }

  /// The slot of `_`, the last value that was shown. The name waits for a cell that can know of one.
  private func makeLastSlot(isNamed: Bool) {
    let slot = lastSlot ?? nextSlot
    if lastSlot == nil {
      lastSlot = slot
      nextSlot += 1
    }
    guard isNamed, names["_"] == nil else { return }
    names.bind(GlobalBinding(name: "_", slot: slot, role: .letName))
  }

  /// Makes a value, borrowed, the one that `_` names. `span` is that of its statement.
  func remember(_ value: Value, _ span: Span) {
    guard let lastSlot else { return }
    Machine.put(machine.heap, base + lastSlot, machine.heap.retained(value))
    newResults.append((machine.heap.retained(value), ResultOrigin(place: lastPlace, offset: Int(span.lower))))
  }

  /// Where the result `_n` came from; nil for one that was not shown by this session.
  public func origin(ofResult number: Int) -> ResultOrigin? { origins[number] }

  /// Binds the values that a cell showed to `_1`, `_2`, … and forgets old ones.
  private func nameResults(isKept: Bool) {
    for (value, origin) in newResults {
      guard isKept, nextSlot < 59_000 else {
        machine.heap.release(value)
        continue
      }
      resultCount += 1
      origins[resultCount] = origin
      let name = "_\(resultCount)", old = "_\(resultCount - Self.resultDepth)"
      hide(names.remove(old))
      hide(names.bind(GlobalBinding(name: name, slot: nextSlot, role: .letName)))
      Machine.put(machine.heap, base + nextSlot, value)
      nextSlot += 1
    }
    newResults = []
    if resultCount > 0 { makeLastSlot(isNamed: true) }
    if isKept { forgetUnbound() }
  }

  /// What a slot holds, borrowed.
  func held(_ slot: Int) -> Value { (base + slot).pointee }

  /// Lets a slot hold a value, which it takes over.
  func put(_ value: Value, at slot: Int) { Machine.put(machine.heap, base + slot, value) }

  /// Names and places as they were.
  func restore(_ moment: SessionMoment) {
    names.removeAll(from: moment.nextSlot)
    for (binding, _) in moment.hidden where binding.slot < moment.nextSlot { names.bind(binding) }
    if !moment.isLastNamed { names.remove("_") }
    nextSlot = moment.nextSlot
    lastSlot = moment.lastSlot
    for (place, count) in moment.places { places[place] = count == 0 ? nil : count }
    resultCount = moment.resultCount
  }

  /// Names behind the dot of a chain of names that begins with a top-level one; looking calls no function.
  func members(_ chain: [String]) -> [String] {
    guard let first = chain.first, let global = names[first] else { return [] }
    let heap = machine.heap
    var value = heap.retained((base + global.slot).pointee)
    defer { heap.release(value) }
    for name in chain.dropFirst() {
      if value.tag == .list, let index = Int(name) {
        let place = index < 0 ? index &+ value.list.count : index
        guard place >= 0, place < value.list.count else { return [] }
        let element = heap.retained(value.list.elements[place])
        heap.release(value)
        value = element
        continue
      }
      let key = heap.string(name)
      defer { heap.release(key) }
      guard let next = try? machine.member(of: value, named: key) else { return [] }
      heap.release(value)
      value = next
    }
    return machine.memberNames(value)
  }

  /// One line on what a top-level name holds.
  func brief(_ global: GlobalBinding) -> String { machine.brief((base + global.slot).pointee) }

  // MARK: inside

  struct Problems: Error { var diagnostics: [Diagnostic] }

  struct Prepared {
    var program: ResolvedProgram
    var compiler: Compiler
  }

  private func hasErrors(_ diagnostics: [Diagnostic]) -> Bool { diagnostics.contains { $0.severity == .error } }

  func prepare(
    _ tree: SyntaxTree, keepsGlobals: Bool, isLibrary: Bool = false
  ) -> Result<Prepared, Problems> {
    let (program, diagnostics) = resolve(
      tree, prelude: library.prelude, globals: names, nextSlot: nextSlot, isLibrary: isLibrary)
    if hasErrors(diagnostics) { return .failure(Problems(diagnostics: diagnostics)) }
    let count = max(nextSlot, (program.globals.map(\.slot).max() ?? -1) + 1)
    if let problem = Self.tooManyNames(program) { return .failure(Problems(diagnostics: [problem])) }
    nextSlot = count
    return .success(
      Prepared(program: program, compiler: Compiler(program: program, globalCount: count, keepsGlobals: keepsGlobals)))
  }

  /// Slots of top-level names: instructions name each by sixteen bits.
  private static let maximumNames = 60_000

  /// That a program binds more top-level names than there is room for, at the first of them.
  private static func tooManyNames(_ program: ResolvedProgram) -> Diagnostic? {
    let beyond = program.globals.filter { $0.slot >= maximumNames }
    guard let first = beyond.min(by: { $0.slot < $1.slot }) else { return nil }
    return Diagnostic(
      "E0301", "more than \(maximumNames) top-level names", at: first.span, label: "one too many",
      help: ["keep the values in a list, `let xs = [ … ]`, or bind the names inside of functions"])
  }

  enum Mode { case run, cell, test, walk }

  struct Executed {
    var diagnostics: [Diagnostic] = []
    var last: Datum?
    var tests: [TestOutcome] = []
    /// Where the statement begins that failed, or of which a fold was ended, in bytes.
    var failedAt: UInt32?
    /// The step at which an interrupt ended a fold.
    var endedAt: Int?
  }

  func execute(_ prepared: Prepared, mode: Mode) -> Executed {
    var runner = StatementRunner(session: self, machine: machine, base: base, prepared: prepared, mode: mode)
    machine.nativeStackLimit = ThreadStack.limit
    Kernels.setFloatingPointControl()
    machine.nativeTop = base + nextSlot
    let watched = ck_watch(machine.poll.word)
    let result = runner.run()
    machine.forgetImports()
    _ = ck_watch(watched)
    // What was bound before an error stays bound; names from the failed statement on keep what they meant before.
    let bound = prepared.program.globals.filter { global in
      result.failedAt.map { global.span == .none || global.span.lower < $0 } ?? true
    }
    for binding in GlobalNames(bound).bindings { hide(names.bind(binding)) }
    return result
  }

  /// Where a top-level statement draws.
  func place(_ text: String) -> DrawScope {
    let ordinal = places[text, default: 0]
    if let last = moments.indices.last, moments[last].places[text] == nil { moments[last].places[text] = ordinal }
    places[text] = ordinal + 1
    lastPlace = ordinal == 0 ? text : "\(text)#\(ordinal + 1)"
    return Self.scope(lastPlace, machine.rootSeed)
  }

  /// Draws of a place, by its text.
  static func scope(_ place: String, _ rootSeed: Int) -> DrawScope {
    DrawScope(key: RandomKey.derive(key: Int64(rootSeed), number: RandomKey.hash(place)), count: 0)
  }
}
