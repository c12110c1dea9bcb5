import Diagnostics
import Records

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One interpreter: a heap, a register stack, the loaded code and the host it speaks to. Used by one thread at a time.
final class Machine {
  /// Where all values of this interpreter live.
  let heap: Heap
  /// What the program says to the study around it.
  let host: StudyHost
  /// The functions and modules that every program sees.
  let library: StandardLibrary
  /// The draw scope: a draw takes `derive(key, count)` and raises the count.
  var drawScope = DrawScope(key: 0, count: 0)
  /// The root seed (`seed n`).
  var rootSeed = 0
  /// State of the tensor side (traces, training mode); the machine itself never looks at it.
  var tensorState: AnyObject?
  /// Where `track` and `progress` go inside a trial; nil outside.
  var trial: TrialRecorder?
  /// The folds that run now.
  let folds = Folds()
  /// Trials may not run sweeps on the host again: a nested sweep runs in line.
  var isWorker: Bool { trial != nil }
  /// Names and values noted for the claim being evaluated; owned.
  var notes: [(String, Value)] = []
  /// Number of threads that this interpreter may use inside itself.
  var threads = 1
  /// Threads of the sweep whose trials it runs that have nothing else to do.
  var idle: IdleThreads?

  // The register stack, and the frames above the entry frame.
  let stack: UnsafeMutablePointer<Value>
  let stackLimit: UnsafeMutablePointer<Value>
  let frames: UnsafeMutablePointer<Frame>
  let frameLimit: UnsafeMutablePointer<Frame>
  /// The frame that runs, saved whenever the machine leaves its loop.
  var frame: UnsafeMutablePointer<Frame> {
    get { framePlace.pointee }
    set { framePlace.pointee = newValue }
  }
  let framePlace: UnsafeMutablePointer<UnsafeMutablePointer<Frame>>
  /// How deep in calls the frame that runs is.
  var calls: Int { frame - frames }
  /// End of the registers that natives being called use.
  var nativeTop: UnsafeMutablePointer<Value>
  /// `heap.state.poll`.
  let poll: PollWord
  /// Native calls may nest as long as the address of a local stays above this.
  var nativeStackLimit: UInt = 0

  var loaded: [ObjectIdentifier: UnsafeMutablePointer<LoadedPrototype>] = [:]
  /// Keeps loaded prototypes alive.
  var loadedPrototypes: [Prototype] = []
  /// Keeps those alive that they may make.
  var units = HeldUnits()
  /// Formats of numbers and texts that were used last.
  var formats: [[UInt8]: FormatSpecification] = [:]
  /// Values of library names that were used; owned.
  var libraryValues: [String: Value] = [:]
  /// What files define that the cell or program which runs has imported, by the places of those files on the machine; owned.
  var importedMembers: [String: [String: Value]] = [:]
  /// What parts of library files define that were used; empty for those that are being made.
  var libraryParts: [StandardLibrary.Part: [String: Value]] = [:]
  let haltCode: UnsafeMutablePointer<Instruction>

  static let registerCapacity = 1 << 21
  /// Registers that are kept free above the deepest call.
  private static let registerMargin = 1 << 17
  /// What the system must have left when a machine is made.
  private static let reserveBytes = 128 << 20
  /// Calls may nest so deep.
  static let maximumDepth = 100_000
  /// Sweeps may nest so deep: each has a machine of its own.
  static let maximumSweepDepth = 100
  /// What others that wait for this machine have used up of those limits.
  let depth: Depth

  /// How deep calls and sweeps are nested.
  struct Depth {
    var calls = 0
    var registers = 0
    var sweeps = 0
  }

  /// That of a machine for a trial of a sweep which begins here.
  func depthInside() throws -> Depth {
    let inside = Depth(
      calls: depth.calls + calls, registers: depth.registers + (callBase - stack), sweeps: depth.sweeps + 1)
    guard inside.sweeps <= Machine.maximumSweepDepth else { throw Machine.tooManySweeps }
    guard Machine.registerCapacity - inside.registers >= 2 * Machine.registerMargin,
      inside.calls < Machine.maximumDepth
    else { throw Machine.tooDeep }
    return inside
  }

  /// Where its poll word is known, so that it hears of interrupts.
  let interrupts: InterruptGroup

  /// Throws E0302 where the system has no memory for its stack.
  init(
    library: StandardLibrary, host: StudyHost, interrupts: InterruptGroup = InterruptGroup(),
    byteLimit: Int = Machine.defaultByteLimit, inside depth: Depth = Depth()
  ) throws {
    var registers = Machine.registerCapacity - depth.registers
    if depth.sweeps > 1, ProcessMemory.addressLimit < 1 << 40 {
      // Of few addresses, many that are nested leave some for other things.
      let share = Int(ProcessMemory.addressLimit) / 256 / MemoryLayout<Value>.stride
      registers = min(registers, max(4 * Machine.registerMargin, share))
    }
    let calls = Machine.maximumDepth - depth.calls
    var memory = Machine.zeroed(registers)
    // Where the system gives little, fewer calls nest.
    while memory == nil, registers >= 4 * Machine.registerMargin {
      registers /= 2
      memory = Machine.zeroed(registers)
    }
    let frameMemory = malloc((calls + 16) * MemoryLayout<Frame>.stride)
    // What the machine will hold needs room beside its stack: without that the process would end in the midst of something.
    let reserve = malloc(Machine.reserveBytes)
    free(reserve)
    guard let memory, let frameMemory, reserve != nil else {
      free(memory)
      free(frameMemory)
      throw RuntimeError(
        "E0302", "the system has no memory left for another interpreter", label: "a machine is made here",
        help: ["sweeps inside sweeps and trials at once (`--threads`) need one each"])
    }
    self.depth = depth
    self.library = library
    self.host = host
    self.interrupts = interrupts
    heap = Heap()
    heap.state.pointee.byteLimit = byteLimit
    poll = heap.state.pointee.poll
    interrupts.add(poll)
    stack = memory
    stackLimit = stack + (registers - Machine.registerMargin)
    frames = frameMemory.bindMemory(to: Frame.self, capacity: calls + 16)
    frameLimit = frames + calls
    haltCode = .allocate(capacity: 2)
    haltCode[0] = Instruction(.call)
    haltCode[1] = Instruction(.halt)
    framePlace = .allocate(capacity: 1)
    framePlace.initialize(to: frames)
    nativeTop = stack + 2
    frames.initialize(to: Frame(base: stack, code: haltCode, prototype: Machine.noPrototype, captures: stack))
  }

  deinit {
    interrupts.remove(poll)
    clearRoots()
    heap.destroy()
    for prototype in loaded.values { Machine.unload(prototype) }
    free(stack)
    free(frames)
    framePlace.deallocate()
    haltCode.deallocate()
  }

  /// Half of the machine's memory, and at least 2 GiB; a quarter of what the system lets the process have, if that is less.
  static let defaultByteLimit = min(
    max(2 << 30, Int(clamping: ProcessMemory.physical / 2)), Int(clamping: ProcessMemory.addressLimit / 4))

  static let noPrototype: UnsafeMutablePointer<LoadedPrototype> = {
    let prototype = Prototype(name: "<native>", span: .none, literal: nil, unit: nil)
    let pointer = UnsafeMutablePointer<LoadedPrototype>.allocate(capacity: 1)
    pointer.initialize(
      to: LoadedPrototype(
        code: .allocate(capacity: 1), constants: .allocate(capacity: 1), caches: .allocate(capacity: 1),
        recipes: .allocate(capacity: 1), paths: .allocate(capacity: 1), calls: .allocate(capacity: 1),
        shapes: .allocate(capacity: 1),
        registerCount: 2, parameterCount: 0, simpleParameterCount: -1, firstKinds: .any, captureCount: 0,
        constantCount: 0, keepCount: 0, prototype: .passRetained(prototype)))
    return pointer
  }()

  /// Registers that are none; pages that are never touched take no memory.
  private static func zeroed(_ count: Int) -> UnsafeMutablePointer<Value>? {
    calloc(count, MemoryLayout<Value>.stride)?.bindMemory(to: Value.self, capacity: count)
  }

  /// Releases everything that the interpreter itself keeps: constants, library values, shapes.
  func clearRoots() {
    for (_, value) in notes { heap.release(value) }
    notes = []
    for value in libraryValues.values { heap.release(value) }
    libraryValues = [:]
    for members in libraryParts.values { for value in members.values { heap.release(value) } }
    libraryParts = [:]
    for prototype in loaded.values { releaseConstants(prototype) }
    heap.releaseSharedShapes()
  }
}

/// Where draws come from: see LANGUAGE.md, "Randomness".
struct DrawScope {
  var key: Int64
  var count: Int64
  /// How many folds began here so far: it tells apart what they keep.
  var folds: Int64 = 0
}

/// An Exp call that is running.
struct Frame {
  /// Its registers.
  var base: UnsafeMutablePointer<Value>
  /// Where it goes on when the call that it made returns.
  var code: UnsafeMutablePointer<Instruction>
  var prototype: UnsafeMutablePointer<LoadedPrototype>
  var captures: UnsafeMutablePointer<Value>
}
