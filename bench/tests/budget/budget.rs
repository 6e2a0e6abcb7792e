//! Counts of instructions, kept in a file.

use std::collections::BTreeMap;
use std::process::Command;

use serde::{Deserialize, Serialize};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/budget.toml");
const HEAD: &str = "\
# Instructions of the hottest functions, as bench/tests/budget counts them. `make budget` writes
# this file. Another compiler generates other code: counts are compared only with its own.

";

/// Share by which a count may differ: what another libc or processor makes of the same code.
const TOLERANCE: f64 = 0.03;

/// Instructions by name, of the code of a compiler.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Budget {
    compiler: String,
    instructions: BTreeMap<String, u64>,
}

impl Budget {
    /// These counts, of this compiler.
    pub(crate) fn new(instructions: BTreeMap<String, u64>) -> Self {
        Self {
            compiler: compiler(),
            instructions,
        }
    }

    pub(crate) fn read() -> Self {
        toml::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap()
    }

    pub(crate) fn write(&self) {
        let text = toml::to_string(self).unwrap();
        std::fs::write(FILE, format!("{HEAD}{text}")).unwrap();
        print!("{text}");
    }

    /// Tells how these counts compare with a budget; whether all are within it.
    pub(crate) fn keeps(&self, budget: &Self) -> bool {
        if self.compiler != budget.compiler {
            println!(
                "instructions, not compared: the budget is that of {}, this is {}",
                budget.compiler, self.compiler
            );
            for (name, count) in &self.instructions {
                println!("  {name:12} {count:>9}");
            }
            return true;
        }
        println!("instructions, of {}:", self.compiler);
        let mut kept = true;
        for (name, &count) in &self.instructions {
            let Some(&allowed) = budget.instructions.get(name) else {
                println!("  {name:12} {count:>9}  has no budget: run `make budget`");
                kept = false;
                continue;
            };
            let change = count as f64 / allowed as f64 - 1.0;
            let verdict = match change {
                _ if change > TOLERANCE => "exceeds the budget",
                _ if change < -TOLERANCE => "is well below: lower the budget with `make budget`",
                _ => "is within the budget",
            };
            println!(
                "  {name:12} {count:>9}  {:+6.2} %  {verdict}",
                change * 100.0
            );
            kept &= change <= TOLERANCE;
        }
        kept
    }
}

/// Version and target of the compiler.
fn compiler() -> String {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(program).arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    let version = lines.next().unwrap();
    let host = lines.find_map(|line| line.strip_prefix("host: "));
    format!("{version} {}", host.unwrap())
}
