import CKernels
import Tensors

/// Elements that an elementwise function does before it looks again whether it is to stop: some milliseconds.
let stretch = 1 << 20

/// Throws where the user asked to stop. Kernels that take long look themselves and return early, so this stands behind
/// every operation whose result is used.
@inline(__always) func stopIfAsked() throws {
  if ck_stopped() != 0 { throw GraphError(.interrupted) }
}

/// Runs `body` on parts of `count` elements, given as the first one, its bytes from the start, and a count.
@inline(__always)
func inStretches(_ count: Int, _ type: ElementType, _ body: (_ first: Int, _ bytes: Int, _ count: Int) -> Void) throws {
  var first = 0
  while first < count {
    let part = min(stretch, count - first)
    body(first, first * type.byteCount, part)
    first += part
    if first < count { try stopIfAsked() }
  }
}
