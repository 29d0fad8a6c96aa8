"""Where the hub reaches its services."""

from jupyterhub import orm
from jupyterhub.objects import Server
from jupyterhub.utils import url_path_join
from sqlalchemy.orm import Session
from yarl import URL


def service_url(db: Session, service: str, path: str = "/") -> URL | None:
    """Return the address of a path of a service; None if the hub has none, or no address of it.

    db: the hub's. path: percent-encoded. Raises SQLAlchemyError.
    """
    found = orm.Service.find(db, service)
    if found is None or found.server is None:
        return None
    return URL(url_path_join(Server(orm_server=found.server).url, path), encoded=True)
