import Foundation
import Tensors

/// What every fold of a run holds after every step: a hash of each tensor, to find the first step at which two runs part, and
/// the elements of one tensor at one step, to say how. While one is set in `current`, folds stop after each step to tell it. Safe
/// from any thread.
public final class FoldTrace: @unchecked Sendable {
  /// The one that listens; nil in ordinary runs. Set before a run begins.
  public nonisolated(unsafe) static var current: FoldTrace?

  /// A place in a run: the fold, in words, the step, and the tensor's path in the fold's value.
  public struct Place: Hashable, Sendable {
    /// `fold 1 of runs, trial 3`
    public var fold: String
    /// Steps done, from 1.
    public var step: Int
    /// `net.layers[0].weight`
    public var tensor: String
  }

  /// A fold by the trial that it runs in, if any, and how many began there before it.
  struct Label: Hashable {
    /// Empty outside of trials.
    var sweep = ""
    var trial = 0
    var number = 0

    /// `fold 1 of runs, trial 3`
    var words: String { "fold \(number)" + (sweep.isEmpty ? "" : " of \(sweep), trial \(trial)") }
  }

  private struct Step {
    var step: Int
    var hashes: [Int]
  }
  private struct Fold {
    var tensors: [String]
    var steps: [Step] = []
  }

  private let lock = NSLock()
  private var folds: [Label: Fold] = [:]
  /// Folds outside of trials, and for each sweep the first that came, in order: it does not depend on threads.
  private var order: [Label] = []
  private let wanted: Place?
  private var found: [Double]?

  /// Notes hashes; with a place, also the elements that it has.
  public init(elementsAt place: Place? = nil) { wanted = place }

  /// The elements that were asked for, as doubles; nil when no fold came there.
  public var elements: [Double]? {
    lock.lock()
    defer { lock.unlock() }
    return found
  }

  /// The first place at which another run's folds hold something else, in this one's order, trials by their index; nil when all that both
  /// have is the same.
  /// Folds and tensors that only one has count as parted at their first step.
  public func firstDifference(_ other: FoldTrace) -> Place? {
    for label in labels + other.labels.filter({ folds[$0] == nil }) {
      let name = label.words
      guard let a = folds[label], let b = other.folds[label], a.tensors == b.tensors else {
        let tensors = (folds[label]?.tensors ?? []), others = other.folds[label]?.tensors ?? []
        return Place(fold: name, step: 1, tensor: zip(tensors, others).first { $0 != $1 }?.0 ?? "")
      }
      for (x, y) in zip(a.steps, b.steps) where x.step != y.step || x.hashes != y.hashes {
        let tensor = zip(x.hashes, y.hashes).enumerated().first { $0.1.0 != $0.1.1 }?.offset ?? 0
        return Place(fold: name, step: x.step, tensor: a.tensors.indices.contains(tensor) ? a.tensors[tensor] : "")
      }
      if a.steps.count != b.steps.count {
        return Place(fold: name, step: min(a.steps.count, b.steps.count) + 1, tensor: "")
      }
    }
    return nil
  }

  /// All folds: those of a sweep stand where its first one came, by trial and number.
  private var labels: [Label] {
    let trials = Dictionary(grouping: folds.keys.filter { !$0.sweep.isEmpty }, by: \.sweep)
    return order.flatMap { label -> [Label] in
      (trials[label.sweep] ?? [label]).sorted { ($0.trial, $0.number) < ($1.trial, $1.number) }
    }
  }

  func reached(_ fold: Label, step: Int, _ tensors: [(name: String, tensor: Tensor)]) {
    let hashes = tensors.map { FoldTrace.hash($0.tensor) }
    lock.lock()
    defer { lock.unlock() }
    if folds[fold] == nil {
      if fold.sweep.isEmpty || !order.contains(where: { $0.sweep == fold.sweep }) { order.append(fold) }
      folds[fold] = Fold(tensors: tensors.map(\.name))
    }
    folds[fold]?.steps.append(Step(step: step, hashes: hashes))
    if let wanted, wanted.fold == fold.words, wanted.step == step,
      let tensor = tensors.first(where: { $0.name == wanted.tensor })?.tensor
    {
      found = (0..<tensor.count).map { tensor.type.isFloat ? tensor.element($0) : Double(tensor.integer($0)) }
    }
  }

  /// Of the bits, shape and type; the same for the same tensor within one process only.
  private static func hash(_ tensor: Tensor) -> Int {
    var hasher = Hasher()
    hasher.combine(tensor.shape)
    hasher.combine(tensor.type)
    if let canonical = try? tensor.canonical() {
      withExtendedLifetime(canonical) {
        hasher.combine(bytes: UnsafeRawBufferPointer(start: canonical.pointer, count: canonical.byteCount))
      }
    }
    return hasher.finalize()
  }
}
