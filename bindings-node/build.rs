//! What the linker must know of an addon.

fn main() {
    napi_build::setup();
}
