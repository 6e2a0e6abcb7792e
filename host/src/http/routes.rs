//! The table of routes: the only place that defines what is served, who may request it and which
//! permit it takes.

use canopy_auth::Role::{Admin, Evaluate, Observe, Predict};
use canopy_web::Class::{Background, BySize, Evaluation, Fast, Open, Upload};
use canopy_web::Need::{self, Nothing, User};
use canopy_web::{Method, Route, Table};

use super::Server;
use super::handler::{
    batch, console, docs, evaluate, evaluations, live, models, observations, predict, status,
    token, v2,
};

/// The routes of a host with or without users.
#[must_use]
pub fn table(has_users: bool) -> Table<Server> {
    if has_users {
        Table::new(&[&ROUTES, &USER_ROUTES])
    } else {
        Table::new(&[&ROUTES])
    }
}

macro_rules! routes {
    ($($method:ident $path:literal $need:expr, $class:expr, $operation:literal => $handler:path;)*) => {
        [$(Route {
            method: Method::$method,
            path: $path,
            need: $need,
            class: $class,
            operation: $operation,
            handler: |call| Box::pin($handler(call)),
        },)*]
    };
}

const PREDICT: Need = Need::Role(Predict);
const EVALUATE: Need = Need::Role(Evaluate);
const OBSERVE: Need = Need::Role(Observe);
const ADMIN: Need = Need::Role(Admin);
const METRICS: Need = Need::Metrics;

#[rustfmt::skip]
static ROUTES: [Route<Server>; 50] = routes! {
    POST   "/predict"                                   PREDICT,  Fast,       "predict"             => predict::predict;
    POST   "/predict/batch"                             PREDICT,  Background, "predictBatch"        => batch::predict_batch;
    POST   "/evaluate"                                  EVALUATE, Evaluation, "evaluate"            => evaluate::evaluate;
    GET    "/model"                                     User,     Open,       "model"               => models::describe;
    GET    "/live"                                      User,     Open,       "live"                => live::live;
    GET    "/evaluations"                               User,     Open,       "evaluations"         => evaluations::list;
    GET    "/evaluations/{id}"                          User,     Open,       "evaluation"          => evaluations::whole;
    GET    "/evaluations/{id}/report.html"              User,     Open,       "report"              => evaluations::file;
    GET    "/observations"                              OBSERVE,  Open,       "observations"        => observations::list;
    GET    "/observations/{id}"                         OBSERVE,  Open,       "observation"         => observations::show;
    DELETE "/observations/{id}"                         ADMIN,    Open,       "forget"              => observations::remove;

    GET    "/models"                                    User,     Open,       "models"              => models::list;
    GET    "/models/{name}"                             User,     Open,       "describe"            => models::describe;
    PUT    "/models/{name}"                             ADMIN,    Upload,     "upload"              => models::upload;
    DELETE "/models/{name}"                             ADMIN,    Open,       "retire"              => models::retire;
    POST   "/models/{name}/rollback"                    ADMIN,    Open,       "rollBack"            => models::roll_back;
    PUT    "/models/{name}/candidate"                   ADMIN,    Upload,     "propose"             => models::propose;
    DELETE "/models/{name}/candidate"                   ADMIN,    Open,       "withdraw"            => models::withdraw;
    POST   "/models/{name}/promote"                     ADMIN,    Open,       "promote"             => models::promote;
    POST   "/models/{name}/predict"                     PREDICT,  Fast,       "predictNamed"        => predict::predict_named;
    POST   "/models/{name}/predict/batch"               PREDICT,  Background, "predictBatchNamed"   => batch::predict_batch;
    POST   "/models/{name}/evaluate"                    EVALUATE, Evaluation, "evaluateNamed"       => evaluate::evaluate;
    GET    "/models/{name}/live"                        User,     Open,       "liveNamed"           => live::live;
    GET    "/models/{name}/evaluations"                 User,     Open,       "evaluationsNamed"    => evaluations::list;
    GET    "/models/{name}/evaluations/{id}"            User,     Open,       "evaluationNamed"     => evaluations::whole;
    GET    "/models/{name}/evaluations/{id}/report.html" User,    Open,       "reportNamed"         => evaluations::file;
    GET    "/models/{name}/observations"                OBSERVE,  Open,       "observationsNamed"   => observations::list;
    GET    "/models/{name}/observations/{id}"           OBSERVE,  Open,       "observationNamed"    => observations::show;
    DELETE "/models/{name}/observations/{id}"           ADMIN,    Open,       "forgetNamed"         => observations::remove;

    GET    "/v2"                                        User,     Open,       "v2Server"            => v2::server;
    GET    "/v2/health/live"                            Nothing,  Open,       "v2Live"              => v2::live;
    GET    "/v2/health/ready"                           Nothing,  Open,       "v2Ready"             => v2::ready;
    GET    "/v2/models/{name}"                          User,     Open,       "v2Metadata"          => v2::metadata;
    GET    "/v2/models/{name}/ready"                    User,     Open,       "v2ModelReady"        => v2::model_ready;
    POST   "/v2/models/{name}/infer"                    PREDICT,  BySize,     "v2Infer"             => v2::infer;
    GET    "/v2/models/{name}/versions/{version}"       User,     Open,       "v2MetadataOfVersion" => v2::metadata;
    GET    "/v2/models/{name}/versions/{version}/ready" User,     Open,       "v2ModelReadyOfVersion" => v2::model_ready;
    POST   "/v2/models/{name}/versions/{version}/infer" PREDICT,  BySize,     "v2InferOfVersion"    => v2::infer;
    POST   "/v2/repository/index"                       User,     Open,       "v2Index"             => v2::index;
    POST   "/v2/repository/models/{name}/load"          ADMIN,    Open,       "v2load"              => v2::load;
    POST   "/v2/repository/models/{name}/unload"        ADMIN,    Open,       "v2unload"            => v2::unload;

    GET    "/metrics"                                   METRICS,  Open,       "metrics"             => status::metrics;
    GET    "/health"                                    Nothing,  Open,       "health"              => status::health;
    GET    "/ready"                                     Nothing,  Open,       "ready"               => status::ready;
    GET    "/openapi.json"                              User,     Open,       "openapi"             => docs::openapi;
    GET    "/docs"                                      Nothing,  Open,       "docsRedirect"        => docs::redirect;
    GET    "/docs/"                                     Nothing,  Open,       "docs"                => docs::index;
    GET    "/docs/{file}"                               Nothing,  Open,       "docsFile"            => docs::file;
    GET    "/"                                          Nothing,  Open,       "greeting"            => console::root;
    GET    "/console/{file}"                            Nothing,  Open,       "consoleFile"         => console::file;
};

/// Routes of a host with users.
static USER_ROUTES: [Route<Server>; 1] = routes! {
    POST "/token" Nothing, Open, "token" => token::issue;
};
