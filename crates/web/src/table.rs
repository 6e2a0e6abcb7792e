//! The routing table.

use std::collections::HashMap;

use http::Method;
use matchit::Router;
use thiserror::Error;

use super::parameters::Parameters;
use super::route::Route;

/// The routing table of a program.
pub struct Table<S: 'static> {
    routes: Vec<&'static Route<S>>,
    paths: Router<Path<S>>,
}

/// The routes that share a path.
struct Path<S: 'static> {
    path: &'static str,
    routes: Vec<&'static Route<S>>,
}

/// The result of matching a request.
pub(super) enum Matched<S: 'static> {
    /// A route and its path parameters.
    Route(&'static Route<S>, Parameters),
    /// The path exists, but not with this method.
    OtherMethod {
        path: &'static str,
        /// Methods of the path, as in the `Allow` header.
        allow: String,
    },
    /// The path does not exist.
    Nothing,
}

impl<S> Table<S> {
    /// Builds the table.
    ///
    /// # Panics
    ///
    /// If two routes have the same method and path, or a path cannot be parsed.
    #[must_use]
    pub fn new(groups: &[&'static [Route<S>]]) -> Self {
        let routes: Vec<&'static Route<S>> = groups.iter().copied().flatten().collect();
        let mut by_path: HashMap<&'static str, Vec<&'static Route<S>>> = HashMap::new();
        for &route in &routes {
            let same = by_path.entry(route.path).or_default();
            let is_twice = same.iter().any(|other| other.method == route.method);
            assert!(!is_twice, "{} {} is there twice", route.method, route.path);
            same.push(route);
        }
        let mut paths = Router::new();
        for (path, routes) in by_path {
            let inserted = paths.insert(path, Path { path, routes });
            assert!(inserted.is_ok(), "{path} cannot be a route: {inserted:?}");
        }
        Self { routes, paths }
    }

    /// All routes, in the order of the table.
    pub fn routes(&self) -> impl Iterator<Item = &'static Route<S>> {
        self.routes.iter().copied()
    }

    /// Refuses a root path that begins like a route: whether a proxy has stripped it from a request
    /// could not be told.
    ///
    /// # Errors
    ///
    /// If it does.
    pub fn check_root_path(&self, root_path: &str) -> Result<(), AmbiguousRootPath> {
        fn first_segment(path: &str) -> &str {
            path.split('/').nth(1).unwrap_or_default()
        }
        let first = first_segment(root_path);
        let like = self.routes().find(|it| first_segment(it.path) == first);
        match like {
            Some(route) if !first.is_empty() => Err(AmbiguousRootPath {
                root_path: root_path.to_owned(),
                route: route.path,
            }),
            _ => Ok(()),
        }
    }

    /// Finds the route of a request.
    pub(super) fn find(&self, method: &Method, path: &str) -> Matched<S> {
        let Ok(found) = self.paths.at(path) else {
            return Matched::Nothing;
        };
        let Path { path, routes } = found.value;
        let wanted = match *method {
            Method::HEAD => &Method::GET,
            _ => method,
        };
        let route = routes.iter().find(|route| route.method == *wanted);
        let Some(route) = route else {
            return Matched::OtherMethod {
                path,
                allow: allow(routes),
            };
        };
        match Parameters::decode(found.params.iter()) {
            Some(parameters) => Matched::Route(route, parameters),
            None => Matched::Nothing,
        }
    }
}

/// A root path that begins like a route.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "--root-path {root_path} begins like the route {route}; have the proxy publish this server \
     under another path, such as /ml"
)]
pub struct AmbiguousRootPath {
    root_path: String,
    route: &'static str,
}

/// The value of the `Allow` header.
fn allow<S>(routes: &[&'static Route<S>]) -> String {
    let mut methods = Vec::new();
    for route in routes {
        methods.push(route.method.as_str());
        if route.method == Method::GET {
            methods.push("HEAD");
        }
    }
    methods.join(",")
}
