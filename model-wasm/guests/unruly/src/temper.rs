//! How the guest misbehaves whatever it is told.

/// A mark that tests look for in the compiled module, and behind it the temper, a letter, which
/// they replace. One build thus gives every kind of guest.
#[used]
static TEMPER: [u8; 32] = *b"the temper of the unruly guest:-";

/// The letter behind the mark.
pub(crate) fn temper() -> u8 {
    // SAFETY: a reference can be read from; as a volatile read it finds what was patched.
    unsafe { std::ptr::from_ref(&TEMPER[31]).read_volatile() }
}

/// What the guest does while it is instantiated.
pub(crate) fn awake() {
    match temper() {
        b'i' => spin(u64::MAX),
        b's' => spin(5_000_000_000),
        b'g' => grow(),
        b't' => panic!("at instantiation"),
        _ => {}
    }
}

/// Works for some iterations, of which a millisecond sees some ten million.
pub(crate) fn spin(iterations: u64) {
    (0..iterations).for_each(|iteration| {
        std::hint::black_box(iteration);
    });
}

/// Takes memory until there is none.
pub(crate) fn grow() {
    let mut taken = Vec::new();
    loop {
        taken.push(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}
