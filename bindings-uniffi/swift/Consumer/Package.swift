// swift-tools-version: 6.0

import PackageDescription

// A package of its own, as a host's is: what it can use is what the product has, under the strict
// rules of mode 6, and a warning is an error. Its programs are for the tests.
let strict: [SwiftSetting] = [.unsafeFlags(["-warnings-as-errors"])]
let tokensmith: [Target.Dependency] = [.product(name: "Tokensmith", package: "swift")]

let package = Package(
    name: "Consumer",
    platforms: [.macOS(.v13)],
    dependencies: [.package(path: "..")],
    targets: [
        .executableTarget(name: "Exits", dependencies: tokensmith, swiftSettings: strict),
        .executableTarget(name: "Leaks", dependencies: tokensmith, swiftSettings: strict),
        .executableTarget(name: "Calls", dependencies: tokensmith, swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
