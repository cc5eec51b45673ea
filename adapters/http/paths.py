"""Where everything is, unless the configuration puts it elsewhere."""

PATHS = (
    "/api",
    "/create",
    "/list_models",
    "/conversations",
    "/conversations/new",
    "/conversations/all",
    "/conversations/{id}",
    "/conversations/{id}/ask",
    "/conversations/{id}/messages",
    "/api/ask",
    "/api/chat",
    "/api/connections",
    "/client/register",
    "/admin/users",
    "/admin/users/add",
    "/admin/users/delete",
    "/admin/add-user",
    "/metrics",
)
"""What can be put elsewhere; OpenAI's own routes are where its clients look for them."""
