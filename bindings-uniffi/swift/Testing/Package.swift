// swift-tools-version: 6.0

import PackageDescription

// The package as it is, over the bridge and the library of the build `testing`: laid over a copy by
// `tests/swift-testing`, for it has a clock and a panic that no package carries.
let package = Package(
    name: "TokensmithTesting",
    platforms: [.macOS(.v13)],
    targets: [
        .systemLibrary(name: "TokensmithFFI"),
        .target(
            name: "TokensmithBridge", dependencies: ["TokensmithFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: [.linkedLibrary("tokensmith_uniffi")]),
        .target(name: "Tokensmith", dependencies: ["TokensmithBridge"]),
        .testTarget(name: "VectorTests", dependencies: ["Tokensmith", "TokensmithBridge"]),
    ],
    swiftLanguageModes: [.v6]
)
