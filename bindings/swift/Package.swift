// swift-tools-version: 6.0
import Foundation
import PackageDescription

// The native library. An xcframework beside this file is taken when there is one: for iOS it is the only way. Without one
// the library is found by the linker (`-Xlinker -L...`), as it is on Linux and while working on a Mac.
let framework = "FieldpostFFI.xcframework"
let native: Target =
    FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/\(framework)")
    ? .binaryTarget(name: "fieldpost_ffiFFI", path: framework)
    : .systemLibrary(name: "fieldpost_ffiFFI")

let package = Package(
    name: "Fieldpost",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "Fieldpost", targets: ["Fieldpost"])],
    targets: [
        native,
        // What UniFFI generates from bindings/ffi. Made by the build, never committed, never edited.
        .target(
            name: "FieldpostNative",
            dependencies: ["fieldpost_ffiFFI"],
            path: "generated",
            exclude: ["fieldpost_ffiFFI.h", "fieldpost_ffiFFI.modulemap"]
        ),
        // Our own layer: what apps see.
        .target(name: "Fieldpost", dependencies: ["FieldpostNative"]),
        .testTarget(name: "FieldpostTests", dependencies: ["Fieldpost"]),
    ],
    swiftLanguageModes: [.v6]
)
