import Testing

@testable import Evaluation

/// Values that cross from one interpreter to others.
@Suite struct PortableValueTests {
  /// What a native keeps, such as the plans of a compiled function, holds values of one heap: two interpreters that get the same
  /// function must not get the same memory.
  @Test func nativesKeepTheirMemoryToOneInterpreter() throws {
    try onLargeStack {
      let library = try testLibrary.get()
      let machines = try (0..<3).map { _ in try Machine(library: library, host: TestHost()) }
      let bound = BoundNative(Natives.compiledNatives[0])
      bound.memory = bound.function as AnyObject
      let value = machines[0].heap.box(.bound, machines[0].heap.list([]), .none, object: bound)
      let portable = try machines[0].portable(value)
      let copies = machines.map { ($0, $0.value(portable)) }
      let objects = copies.compactMap { $0.1.boxedObject as? BoundNative }
      #expect(objects.count == 3)
      #expect(Set(objects.map(ObjectIdentifier.init)).count == 3)
      #expect(objects.allSatisfy { $0 !== bound && $0.memory == nil })
      // Heaps go with their machines, whose last use would otherwise be before this.
      withExtendedLifetime(machines) {
        for (machine, copy) in copies { machine.heap.release(copy) }
        machines[0].heap.release(value)
      }
    }
  }
}
