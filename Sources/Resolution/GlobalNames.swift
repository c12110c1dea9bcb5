/// The names that earlier cells bound at the top level, each with its last binding.
public struct GlobalNames: Sendable {
  /// In order of their slots.
  public private(set) var bindings: [GlobalBinding] = []
  private var byName: [String: GlobalBinding] = [:]

  /// Of bindings in the order in which they were made.
  public init(_ bindings: [GlobalBinding] = []) { for binding in bindings { bind(binding) } }

  /// What a name is bound to; nil when nothing is.
  public subscript(name: String) -> GlobalBinding? { byName[name] }

  /// All names, in no order.
  public var names: some Collection<String> { byName.keys }

  /// Binds a name; gives the binding that this one hides.
  @discardableResult public mutating func bind(_ binding: GlobalBinding) -> GlobalBinding? {
    let hidden = remove(binding.name)
    byName[binding.name] = binding
    bindings.insert(binding, at: place(binding.slot))
    return hidden
  }

  /// Takes a name away; gives what it was bound to.
  @discardableResult public mutating func remove(_ name: String) -> GlobalBinding? {
    guard let binding = byName.removeValue(forKey: name) else { return nil }
    if let at = bindings[place(binding.slot)...].firstIndex(where: { $0.name == name }) { bindings.remove(at: at) }
    return binding
  }

  /// Takes away the names of slots from one on.
  public mutating func removeAll(from slot: Int) {
    for binding in bindings[place(slot)...] { byName[binding.name] = nil }
    bindings.removeSubrange(place(slot)...)
  }

  /// Where the first binding of a slot at least as high stands.
  private func place(_ slot: Int) -> Int {
    var low = 0, high = bindings.count
    while low < high {
      let middle = (low + high) / 2
      if bindings[middle].slot < slot { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
