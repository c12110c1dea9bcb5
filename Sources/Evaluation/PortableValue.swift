/// A value copied out of an interpreter's heap so that another interpreter, on another thread, can take it in. Tensor storage is
/// shared; everything else is a copy.
public struct PortableValue: Sendable {
}
