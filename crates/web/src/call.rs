//! The argument of a handler.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use canopy_auth::Roles;
use canopy_pool::{self as pool, Owner};
use canopy_resources::Held;
use http::HeaderMap;
use http::request;
use serde::de::DeserializeOwned;

use super::body::RequestBody;
use super::class::Class;
use super::parameters::Parameters;
use super::permit::Permit;
use super::problem::Problem;
use super::service::Service;

/// An admitted request.
pub struct Call<'a, S: 'static> {
    /// The program's state.
    pub service: &'a Arc<S>,
    /// The head of the request.
    pub head: &'a request::Parts,
    /// The client's address.
    pub peer: IpAddr,
    /// What the sender may do: everything if there are no users.
    pub roles: Roles,
    /// The permit that the route's class requires, once the body has been read; released when the
    /// handler returns.
    pub permit: Permit<'a>,
    /// The path parameters.
    pub parameters: &'a Parameters,
    pub(super) class: Class,
    pub(super) owner: Owner,
    pub(super) body: &'a mut RequestBody,
}

impl<S: Service> Call<'_, S> {
    /// The request headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The query, deserialized; `T` decides whether unknown fields are errors.
    ///
    /// # Errors
    ///
    /// 422 if it is not valid.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let query = self.head.uri.query().unwrap_or_default();
        serde_urlencoded::from_str(query)
            .map_err(|error| Problem::unprocessable(format!("the query cannot be used: {error}")))
    }

    /// The length of the body, if the client declared it.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.body.length()
    }

    /// Reads the whole body, of at most `limit` bytes, and then takes the permit of the route's
    /// class: a client that sends slowly keeps no permit from others.
    ///
    /// # Errors
    ///
    /// 400, 408 or 413 if the body is incomplete, late or too large, and 503 if there is no memory
    /// for it or no permit left.
    pub async fn read(&mut self, limit: u64) -> Result<Held<Bytes>, Problem> {
        let parts = self.service.parts();
        let pace = parts.config.body_pace();
        let body = self.body.read(limit, pace, &parts.memory).await?;
        let permit = parts.permits.take(self.class, body.len(), self.owner);
        self.permit = permit.inspect_err(|_| self.service.overloaded(self.parameters))?;
        Ok(body)
    }

    /// Takes a permit of the background pool, for a request that turns out to need one.
    ///
    /// # Errors
    ///
    /// 503 if the owner's share of the permits is used up.
    pub fn background_permit(&self) -> Result<pool::Permit, Problem> {
        let permit = self.service.parts().permits.background.permit(self.owner);
        permit.map_err(|error| {
            self.service.overloaded(self.parameters);
            error.into()
        })
    }
}
