import Notation

/// What `run.json` says about a run.
public struct RunRecord: Sendable, Hashable {
  /// How far the run came.
  public enum State: String, Sendable {
    /// Its folder is made; nobody has begun.
    case planned
    /// Somebody works on it.
    case running
    /// It came to its end.
    case done
    /// The script ended with an error, or the run could not be recorded.
    case failed
    /// Ctrl-C, or a warning that time is up.
    case interrupted
    /// `exp cancel`.
    case cancelled
    /// Nobody works on it any more, and nobody said so. Never written: readers find it out from the leases.
    case lost

    /// Whether somebody said that the run ended.
    public var hasEnded: Bool { self != .planned && self != .running && self != .lost }

    /// Whether `--resume` can go on with it.
    public var isUnfinished: Bool { self != .done && self != .failed }
  }

  /// Where the study stood and what it might read, so that another process can run the same.
  public struct Surroundings: Sendable, Hashable {
    /// Path of the study from the root.
    public var study: String
    /// Data folders, from the root, in order of search.
    public var data: [String]
    /// `--allow-read`
    public var readable: [String]
    /// `--allow-write`
    public var writable: [String]
    /// Whether trials that earlier runs computed are taken from their records.
    public var reusesRecords: Bool
    /// `--check-nan`
    public var checksNaN: Bool
    /// `--max-memory`: bytes for tensors and values in each process; nil for half of the machine's memory.
    public var maxMemory: Int?
    /// Makes surroundings.
    public init(
      study: String = "", data: [String] = [], readable: [String] = [], writable: [String] = [],
      reusesRecords: Bool = true, checksNaN: Bool = false, maxMemory: Int? = nil
    ) {
      self.study = study
      self.data = data
      self.readable = readable
      self.writable = writable
      self.reusesRecords = reusesRecords
      self.checksNaN = checksNaN
      self.maxMemory = maxMemory
    }
  }

  /// A claim and what became of it.
  public struct Claim: Sendable, Hashable {
    /// What should hold.
    public var text: String
    /// Whether it does.
    public var holds: Bool
    /// What it compared, in reading order.
    public var numbers: [Datum.Field]
    /// Why it could not be evaluated; empty otherwise.
    public var error: String
    /// Makes a claim.
    public init(text: String, holds: Bool, numbers: [Datum.Field] = [], error: String = "") {
      self.text = text
      self.holds = holds
      self.numbers = numbers
      self.error = error
    }
  }

  /// How many trials there are and what became of them.
  public struct Counts: Sendable, Hashable {
    /// All points of all sweeps.
    public var total: Int
    /// Computed or taken over, with a result.
    public var done: Int
    /// Ended by an error.
    public var failed: Int
    /// Ended because a loss was not finite.
    public var diverged: Int
    /// Stopped by the user.
    public var interrupted: Int
    /// Of `done`: taken from an earlier record.
    public var reused: Int
    /// Makes counts.
    public init(
      total: Int = 0, done: Int = 0, failed: Int = 0, diverged: Int = 0, interrupted: Int = 0, reused: Int = 0
    ) {
      self.total = total
      self.done = done
      self.failed = failed
      self.diverged = diverged
      self.interrupted = interrupted
      self.reused = reused
    }
  }

  /// Name and id, such as `double_descent-7f3a9c`.
  public var id: String
  /// Name of the study.
  public var study: String
  /// How far it came.
  public var state: State
  /// The command line.
  public var arguments: [String]
  /// Values of all options, in order.
  public var options: [Datum.Field]
  /// Root seed.
  public var seed: Int
  /// `exp`, `numerics`, `stdlib` (hash) and what else has a version.
  public var versions: [Datum.Field]
  /// CPU class, kernels, cores, operating system: what does not change the numbers but helps to explain them.
  public var host: [Datum.Field]
  /// When it started and ended, `2026-11-20T14:03:11.204518Z` (without the fraction before it had one); empty when not yet.
  public var started: String
  /// See `started`.
  public var finished: String
  /// Wall-clock seconds.
  public var seconds: Double
  /// What became of the trials of all sweeps.
  public var counts: Counts
  /// In the order of the study.
  public var claims: [Claim]
  /// Full SHA-256 of what the id is the start of.
  public var identity: String
  /// How often the run was begun or gone on with, from 1.
  public var session = 1
  /// Where the study stood.
  public var surroundings = Surroundings()
  /// Switches of the process's environment, such as `EXP_KERNELS`, by name.
  public var environment: [Datum.Field] = []
  /// Files that the study read, by the name it gave them, with their SHA-256.
  public var data: [Datum.Field] = []
  /// The state of the git tree that the study stands in: `commit`, and `changed`, whether files differed from it; none without one.
  public var git: [Datum.Field] = []

  /// Makes a record of a run that has just begun.
  public init(
    id: String, study: String, arguments: [String] = [], options: [Datum.Field] = [], seed: Int = 0,
    versions: [Datum.Field] = [], host: [Datum.Field] = [], started: String = "", identity: String = ""
  ) {
    self.id = id
    self.study = study
    state = .running
    self.arguments = arguments
    self.options = options
    self.seed = seed
    self.versions = versions
    self.host = host
    self.started = started
    finished = ""
    seconds = 0
    counts = Counts()
    claims = []
    self.identity = identity
  }

  /// The number of `run.json`'s form; raised when a reader must know the difference.
  public static let format = 2

  /// The SHA-256 a run's id is the start of: every source file (name and text), every option, the seed, the numerics
  /// version.
  public static func identity(
    sources: [(name: String, text: String)], options: [Datum.Field], seed: Int, numericsVersion: String
  ) -> String {
    let parts: JSON = [
      "sources": .array(sources.map { [.string($0.name), .string($0.text)] }),
      "options": .object(Datum.members(options)), "seed": .int(seed), "numerics": .string(numericsVersion),
    ]
    return SHA256.hex(parts.compact)
  }
}
