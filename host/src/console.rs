//! The files of the console, embedded in the binary.

/// A file of the console.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Name in the request.
    pub name: &'static str,
    /// Contents.
    pub text: &'static str,
}

macro_rules! files {
    ($($name:literal: $path:literal,)*) => {
        &[$(File { name: $name, text: include_str!(concat!("../console/", $path)) },)*]
    };
}

/// The page itself; its links are relative to the root path.
pub const PAGE: File = File {
    name: "index.html",
    text: include_str!("../console/index.html"),
};

/// The files that the page loads.
const FILES: &[File] = files![
    "console.css": "console.css",
    "icon.svg": "icon.svg",
    "main.js": "main.js",
    "api.js": "api.js",
    "dom.js": "dom.js",
    "format.js": "format.js",
    "chart.js": "chart.js",
    "login.js": "login.js",
    "model.js": "model.js",
    "try.js": "try.js",
    "evaluations.js": "evaluations.js",
    "report.js": "report.js",
    "saved.js": "saved.js",
    "live.js": "live.js",
    "uplot.js": "vendor/uPlot.iife.min.js",
    "uplot.css": "vendor/uPlot.min.css",
];

/// The file with this name.
#[must_use]
pub fn file(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

impl File {
    /// Media type, by file name extension.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        match self.name.rsplit_once('.') {
            Some((_, "html")) => "text/html; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "svg")) => "image/svg+xml",
            _ => "application/octet-stream",
        }
    }
}
