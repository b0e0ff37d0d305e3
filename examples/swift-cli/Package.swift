// swift-tools-version: 6.0

import PackageDescription

let package = Package(
    name: "swift-cli",
    platforms: [.macOS(.v13)],
    dependencies: [.package(path: "../../bindings-uniffi/swift")],
    targets: [
        .executableTarget(
            name: "token", dependencies: [.product(name: "Tokensmith", package: "swift")])
    ],
    swiftLanguageModes: [.v6]
)
