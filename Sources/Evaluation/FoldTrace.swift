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

  private struct Step {
    var step: Int
    var hashes: [Int]
  }
  private struct Fold {
    var tensors: [String]
    var steps: [Step] = []
  }

  private let lock = NSLock()
  private var folds: [String: Fold] = [:]
  private var order: [String] = []
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

  /// The first place at which another run's folds hold something else, in this one's order; nil when all that both have is the same.
  /// Folds and tensors that only one has count as parted at their first step.
  public func firstDifference(_ other: FoldTrace) -> Place? {
    for name in order + other.order.filter({ folds[$0] == nil }) {
      guard let a = folds[name], let b = other.folds[name], a.tensors == b.tensors else {
        let tensors = (folds[name]?.tensors ?? []), others = other.folds[name]?.tensors ?? []
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

  func reached(_ fold: String, step: Int, _ tensors: [(name: String, tensor: Tensor)]) {
    let hashes = tensors.map { FoldTrace.hash($0.tensor) }
    lock.lock()
    defer { lock.unlock() }
    if folds[fold] == nil {
      order.append(fold)
      folds[fold] = Fold(tensors: tensors.map(\.name))
    }
    folds[fold]?.steps.append(Step(step: step, hashes: hashes))
    if let wanted, wanted.fold == fold, wanted.step == step,
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
