//! How the guest misbehaves whatever the command.

/// A mark that tests search for in the compiled module, followed by the temper, a letter that they
/// replace, so that a single build yields every kind of guest.
#[used]
static TEMPER: [u8; 32] = *b"the temper of the unruly guest:-";

/// The letter after the mark.
pub(crate) fn temper() -> u8 {
    // SAFETY: a reference is valid for reads. The read is volatile so that it sees the patched letter.
    unsafe { std::ptr::from_ref(&TEMPER[31]).read_volatile() }
}

/// Misbehaves during instantiation.
pub(crate) fn awake() {
    match temper() {
        b'i' => spin(u64::MAX),
        b's' => spin(5_000_000_000),
        b'g' => grow(),
        b't' => panic!("at instantiation"),
        _ => {}
    }
}

/// Works for this number of iterations, about ten million per millisecond.
pub(crate) fn spin(iterations: u64) {
    (0..iterations).for_each(|iteration| {
        std::hint::black_box(iteration);
    });
}

/// Allocates memory until there is none left.
pub(crate) fn grow() {
    let mut taken = Vec::new();
    loop {
        taken.push(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}
