// swift-tools-version: 6.1
import Foundation
import PackageDescription

// Box2D 2.4, which few studies need, is left out where its headers are not installed, or where EXP_WITHOUT names it.
let hasBox2D =
  ProcessInfo.processInfo.environment["EXP_WITHOUT"]?.contains("box2d") != true
  && ["/usr/include", "/usr/local/include"].contains {
    FileManager.default.fileExists(atPath: $0 + "/box2d/b2_world.h")
  }

// GNU readline. What macOS has by that name is another library, which lacks what is used here: Homebrew's is named, which
// stands apart from what is looked through.
#if os(macOS)
  let homebrew = [ProcessInfo.processInfo.environment["HOMEBREW_PREFIX"], "/opt/homebrew", "/usr/local"]
  let readlineFolder = homebrew.compactMap { $0.map { $0 + "/opt/readline" } }.first {
    FileManager.default.fileExists(atPath: $0 + "/include/readline/readline.h")
  }
#else
  let readlineFolder: String? = nil
#endif
let readlineHeaders: [SwiftSetting] = readlineFolder.map { [.unsafeFlags(["-Xcc", "-I\($0)/include"])] } ?? []
let readlineLibrary: [LinkerSetting] = readlineFolder.map { [.unsafeFlags(["-L\($0)/lib"])] } ?? []

// Swift looks at run time whether two accesses to one variable overlap, a tenth of the time of an operation on a small
// tensor. Debug builds, and so all tests, look; release builds do not.
let checkedInDebug: [SwiftSetting] = [
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
]

// The interpreter's loop goes through one short piece of code for every instruction: in `Machine.run`, what stands before
// the first `jmp *` (`objdump -d`). Where that lies across two lines of the cache, of 64 bytes, all programs take a quarter
// longer. Functions begin at a line, so that where it lies changes with the loop alone, and can be looked at when that does.
let atLines = ["-Xllvm", "-align-all-functions=6"]
let interpreter = checkedInDebug + [.unsafeFlags(atLines, .when(configuration: .release))]

// The rooms of the house, in the order in which imports may go down. docs/architecture.md says what each takes, gives
// and must not know; Tests/ArchitectureTests compares this list with the imports in the sources.
let package = Package(
  name: "exp",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "exp", targets: ["exp"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
  ],
  targets: [
    .target(name: "Notation", exclude: ["README.md"]),
    .target(name: "Diagnostics", dependencies: ["Notation"], exclude: ["README.md"]),
    .target(name: "Syntax", dependencies: ["Diagnostics", "Notation"], exclude: ["README.md"]),
    .target(name: "Resolution", dependencies: ["Diagnostics", "Syntax"], exclude: ["README.md"]),
    // The kernels are optimized in every configuration: a debug build must give the same bits in bearable time.
    .target(
      name: "CKernels", exclude: ["README.md"],
      cSettings: [.unsafeFlags(["-O3", "-fno-math-errno", "-Wall", "-Wextra"])]),
    .target(name: "CPrograms", dependencies: ["CKernels"], exclude: ["README.md"]),
    .target(
      name: "CBodies", dependencies: ["CKernels"], exclude: ["README.md"],
      cxxSettings: hasBox2D ? [.define("EXP_HAS_BOX2D"), .unsafeFlags(["-O2", "-Wall", "-Wextra"])] : [],
      linkerSettings: hasBox2D ? [.linkedLibrary("box2d")] : []),
    .target(
      name: "Tensors", dependencies: ["CKernels", "CPrograms", "Notation"], exclude: ["README.md"],
      swiftSettings: checkedInDebug),
    .target(
      name: "Graphs", dependencies: ["Tensors", "CKernels"], exclude: ["README.md"], swiftSettings: checkedInDebug),
    .target(
      name: "CHashes", exclude: ["README.md"], cSettings: [.unsafeFlags(["-O3", "-Wall", "-Wextra"])]),
    .target(name: "Records", dependencies: ["CHashes", "Notation"], exclude: ["README.md"]),
    .target(
      name: "Evaluation",
      dependencies: [
        "Diagnostics", "Syntax", "Resolution", "Tensors", "Graphs", "Records", "CKernels", "CBodies", "Notation",
      ],
      exclude: ["README.md"], swiftSettings: interpreter),
    .target(
      name: "Studies",
      dependencies: ["Diagnostics", "Syntax", "Resolution", "Evaluation", "Records", "Notation"],
      exclude: ["README.md"]),
    .target(name: "Reports", dependencies: ["Records", "Notation"], exclude: ["README.md"]),
    .systemLibrary(name: "CReadline", providers: [.apt(["libreadline-dev"]), .brew(["readline"])]),
    .executableTarget(
      name: "exp",
      dependencies: [
        "Diagnostics", "Syntax", "Resolution", "Tensors", "Evaluation", "Studies", "Records", "Reports", "CReadline",
        "Notation",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "FlyingFox", package: "FlyingFox"),
        .product(name: "FlyingSocks", package: "FlyingFox"),
      ],
      exclude: ["README.md"], swiftSettings: readlineHeaders, linkerSettings: readlineLibrary),
    .executableTarget(
      name: "training-benchmark", dependencies: ["Graphs", "Tensors"], path: "Benchmarks/training", exclude: ["run"]),
    .executableTarget(
      name: "kernels-benchmark", dependencies: ["Tensors", "CKernels"], path: "Benchmarks/kernels",
      exclude: ["numpy_products.py"]),
    .executableTarget(
      name: "every-float", dependencies: ["Tensors", "CKernels"], path: "Benchmarks/accuracy",
      exclude: ["doubles.py"]),
    .executableTarget(
      name: "interpreter-benchmark", dependencies: ["Diagnostics", "Evaluation", "Records"],
      path: "Benchmarks/interpreter", exclude: ["programs", "run", "startup"]),
    .testTarget(name: "NotationTests", dependencies: ["Notation"]),
    .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"]),
    .testTarget(name: "SyntaxTests", dependencies: ["Syntax", "Diagnostics"], exclude: ["Fixtures", "Golden"]),
    .testTarget(
      name: "ResolutionTests", dependencies: ["Resolution", "Syntax", "Diagnostics"], exclude: ["Golden"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CKernels"], exclude: ["Fixtures"]),
    .testTarget(name: "GraphsTests", dependencies: ["Graphs", "Tensors"]),
    .testTarget(name: "RecordsTests", dependencies: ["Records", "CHashes", "Notation"], exclude: ["Samples"]),
    .testTarget(
      name: "EvaluationTests",
      dependencies: [
        "Evaluation", "Resolution", "Syntax", "Diagnostics", "Tensors", "Records", "CKernels", "Notation",
      ],
      exclude: ["Specs", "Golden"]),
    .testTarget(
      name: "StudiesTests", dependencies: ["Studies", "Evaluation", "Records", "Diagnostics", "Notation"],
      exclude: ["Golden"]),
    .testTarget(name: "ReportsTests", dependencies: ["Reports", "Records", "Notation"], exclude: ["Golden"]),
    .testTarget(name: "ArchitectureTests"),
  ],
  swiftLanguageModes: [.v5]
)
