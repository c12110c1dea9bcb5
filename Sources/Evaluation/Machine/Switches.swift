import Graphs
import Tensors

/// The switches of the environment that say how things are computed: `EXP_KERNELS`, `EXP_FUSION`, `EXP_CHECKPOINT_SECONDS`.
public enum Switches {
  /// What is wrong with one of them, which then changes nothing; nil where nothing is.
  public static var complaint: String? { Kernels.complaint ?? Plan.complaint ?? CheckpointClock.complaint }
}
