// swift-tools-version: 6.0

import PackageDescription

let package = Package(
    name: "Tokensmith",
    platforms: [.macOS(.v13), .iOS(.v16)],  // the first with `Duration`
    products: [.library(name: "Tokensmith", targets: ["Tokensmith"])],
    targets: [
        .systemLibrary(name: "TokensmithFFI"),
        // Generated. In mode 6 the compiler of 6.0.3 crashes on it, and that of 6.3 refuses it.
        .target(
            name: "TokensmithBridge", dependencies: ["TokensmithFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)],
            // Where it is, is said on the command line: a package that says it may be no dependency.
            linkerSettings: [.linkedLibrary("tokensmith_uniffi")]),
        .target(name: "Tokensmith", dependencies: ["TokensmithBridge"]),
        .testTarget(name: "TokensmithTests", dependencies: ["Tokensmith", "TokensmithBridge"]),
    ],
    swiftLanguageModes: [.v6]
)
