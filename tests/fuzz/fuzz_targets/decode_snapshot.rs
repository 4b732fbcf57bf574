//! No bytes make the reader of guest images panic or allocate beyond its bound.
//!
//! Each input is read twice: as it is, which nearly always ends at the seal, and sealed, which gets to every field.

#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use reentry_core::digest::ComponentDigest;
use reentry_core::snapshot::{BaseImage, Identity, ImageCodec, LayoutDigest, SealKey};

/// Most bytes that the reader may unpack.
const BYTES_MAX: u64 = 1 << 20;

thread_local! {
    static CODEC: RefCell<ImageCodec> = RefCell::new(ImageCodec::new().expect("zstd gets its memory"));
}

fuzz_target!(|bytes: &[u8]| {
    let key = SealKey::derive(&[0; 32], "tenant", "run");
    let base = BaseImage::empty();
    let identity = Identity {
        component: ComponentDigest::from_bytes([0; 32]),
        base: base.digest(),
        layout: LayoutDigest([0; 32]),
    };
    let sealed = seal(bytes, &identity, &key);
    CODEC.with_borrow_mut(|codec| {
        let _ = codec.decode(bytes, &identity, &base, BYTES_MAX, &key);
        let _ = codec.decode(&sealed, &identity, &base, BYTES_MAX, &key);
    });
    let _ = BaseImage::decode(&sealed, identity.component, identity.layout, BYTES_MAX, &key);
});

/// An image with this identity, of which the input gives all that follows it.
fn seal(bytes: &[u8], identity: &Identity, key: &SealKey) -> Vec<u8> {
    let (codec, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let mut image = b"RSNP\x02\0\x01\0".to_vec();
    image.extend_from_slice(&[codec % 3, 0, 0, 0]);
    image.extend_from_slice(identity.component.as_bytes());
    image.extend_from_slice(&identity.base.0);
    image.extend_from_slice(&identity.layout.0);
    image.extend_from_slice(rest);
    key.seal(&mut image);
    image
}
