from engine.spark.proto import common_pb2 as _common_pb2
from engine.spark.proto import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Catalog(_message.Message):
    __slots__ = ("current_database", "set_current_database", "list_databases", "list_tables", "list_functions", "list_columns", "get_database", "get_table", "get_function", "database_exists", "table_exists", "function_exists", "create_external_table", "create_table", "drop_temp_view", "drop_global_temp_view", "recover_partitions", "is_cached", "cache_table", "uncache_table", "clear_cache", "refresh_table", "refresh_by_path", "current_catalog", "set_current_catalog", "list_catalogs", "drop_table", "drop_view", "create_database", "drop_database", "list_partitions", "list_views", "get_table_properties", "get_create_table_string", "truncate_table", "analyze_table")
    CURRENT_DATABASE_FIELD_NUMBER: _ClassVar[int]
    SET_CURRENT_DATABASE_FIELD_NUMBER: _ClassVar[int]
    LIST_DATABASES_FIELD_NUMBER: _ClassVar[int]
    LIST_TABLES_FIELD_NUMBER: _ClassVar[int]
    LIST_FUNCTIONS_FIELD_NUMBER: _ClassVar[int]
    LIST_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    GET_DATABASE_FIELD_NUMBER: _ClassVar[int]
    GET_TABLE_FIELD_NUMBER: _ClassVar[int]
    GET_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    DATABASE_EXISTS_FIELD_NUMBER: _ClassVar[int]
    TABLE_EXISTS_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_EXISTS_FIELD_NUMBER: _ClassVar[int]
    CREATE_EXTERNAL_TABLE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TABLE_FIELD_NUMBER: _ClassVar[int]
    DROP_TEMP_VIEW_FIELD_NUMBER: _ClassVar[int]
    DROP_GLOBAL_TEMP_VIEW_FIELD_NUMBER: _ClassVar[int]
    RECOVER_PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    IS_CACHED_FIELD_NUMBER: _ClassVar[int]
    CACHE_TABLE_FIELD_NUMBER: _ClassVar[int]
    UNCACHE_TABLE_FIELD_NUMBER: _ClassVar[int]
    CLEAR_CACHE_FIELD_NUMBER: _ClassVar[int]
    REFRESH_TABLE_FIELD_NUMBER: _ClassVar[int]
    REFRESH_BY_PATH_FIELD_NUMBER: _ClassVar[int]
    CURRENT_CATALOG_FIELD_NUMBER: _ClassVar[int]
    SET_CURRENT_CATALOG_FIELD_NUMBER: _ClassVar[int]
    LIST_CATALOGS_FIELD_NUMBER: _ClassVar[int]
    DROP_TABLE_FIELD_NUMBER: _ClassVar[int]
    DROP_VIEW_FIELD_NUMBER: _ClassVar[int]
    CREATE_DATABASE_FIELD_NUMBER: _ClassVar[int]
    DROP_DATABASE_FIELD_NUMBER: _ClassVar[int]
    LIST_PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    LIST_VIEWS_FIELD_NUMBER: _ClassVar[int]
    GET_TABLE_PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    GET_CREATE_TABLE_STRING_FIELD_NUMBER: _ClassVar[int]
    TRUNCATE_TABLE_FIELD_NUMBER: _ClassVar[int]
    ANALYZE_TABLE_FIELD_NUMBER: _ClassVar[int]
    current_database: CurrentDatabase
    set_current_database: SetCurrentDatabase
    list_databases: ListDatabases
    list_tables: ListTables
    list_functions: ListFunctions
    list_columns: ListColumns
    get_database: GetDatabase
    get_table: GetTable
    get_function: GetFunction
    database_exists: DatabaseExists
    table_exists: TableExists
    function_exists: FunctionExists
    create_external_table: CreateExternalTable
    create_table: CreateTable
    drop_temp_view: DropTempView
    drop_global_temp_view: DropGlobalTempView
    recover_partitions: RecoverPartitions
    is_cached: IsCached
    cache_table: CacheTable
    uncache_table: UncacheTable
    clear_cache: ClearCache
    refresh_table: RefreshTable
    refresh_by_path: RefreshByPath
    current_catalog: CurrentCatalog
    set_current_catalog: SetCurrentCatalog
    list_catalogs: ListCatalogs
    drop_table: DropTable
    drop_view: DropView
    create_database: CreateDatabase
    drop_database: DropDatabase
    list_partitions: ListPartitions
    list_views: ListViews
    get_table_properties: GetTableProperties
    get_create_table_string: GetCreateTableString
    truncate_table: TruncateTable
    analyze_table: AnalyzeTable
    def __init__(self, current_database: _Optional[_Union[CurrentDatabase, _Mapping]] = ..., set_current_database: _Optional[_Union[SetCurrentDatabase, _Mapping]] = ..., list_databases: _Optional[_Union[ListDatabases, _Mapping]] = ..., list_tables: _Optional[_Union[ListTables, _Mapping]] = ..., list_functions: _Optional[_Union[ListFunctions, _Mapping]] = ..., list_columns: _Optional[_Union[ListColumns, _Mapping]] = ..., get_database: _Optional[_Union[GetDatabase, _Mapping]] = ..., get_table: _Optional[_Union[GetTable, _Mapping]] = ..., get_function: _Optional[_Union[GetFunction, _Mapping]] = ..., database_exists: _Optional[_Union[DatabaseExists, _Mapping]] = ..., table_exists: _Optional[_Union[TableExists, _Mapping]] = ..., function_exists: _Optional[_Union[FunctionExists, _Mapping]] = ..., create_external_table: _Optional[_Union[CreateExternalTable, _Mapping]] = ..., create_table: _Optional[_Union[CreateTable, _Mapping]] = ..., drop_temp_view: _Optional[_Union[DropTempView, _Mapping]] = ..., drop_global_temp_view: _Optional[_Union[DropGlobalTempView, _Mapping]] = ..., recover_partitions: _Optional[_Union[RecoverPartitions, _Mapping]] = ..., is_cached: _Optional[_Union[IsCached, _Mapping]] = ..., cache_table: _Optional[_Union[CacheTable, _Mapping]] = ..., uncache_table: _Optional[_Union[UncacheTable, _Mapping]] = ..., clear_cache: _Optional[_Union[ClearCache, _Mapping]] = ..., refresh_table: _Optional[_Union[RefreshTable, _Mapping]] = ..., refresh_by_path: _Optional[_Union[RefreshByPath, _Mapping]] = ..., current_catalog: _Optional[_Union[CurrentCatalog, _Mapping]] = ..., set_current_catalog: _Optional[_Union[SetCurrentCatalog, _Mapping]] = ..., list_catalogs: _Optional[_Union[ListCatalogs, _Mapping]] = ..., drop_table: _Optional[_Union[DropTable, _Mapping]] = ..., drop_view: _Optional[_Union[DropView, _Mapping]] = ..., create_database: _Optional[_Union[CreateDatabase, _Mapping]] = ..., drop_database: _Optional[_Union[DropDatabase, _Mapping]] = ..., list_partitions: _Optional[_Union[ListPartitions, _Mapping]] = ..., list_views: _Optional[_Union[ListViews, _Mapping]] = ..., get_table_properties: _Optional[_Union[GetTableProperties, _Mapping]] = ..., get_create_table_string: _Optional[_Union[GetCreateTableString, _Mapping]] = ..., truncate_table: _Optional[_Union[TruncateTable, _Mapping]] = ..., analyze_table: _Optional[_Union[AnalyzeTable, _Mapping]] = ...) -> None: ...

class CurrentDatabase(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetCurrentDatabase(_message.Message):
    __slots__ = ("db_name",)
    DB_NAME_FIELD_NUMBER: _ClassVar[int]
    db_name: str
    def __init__(self, db_name: _Optional[str] = ...) -> None: ...

class ListDatabases(_message.Message):
    __slots__ = ("pattern",)
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    pattern: str
    def __init__(self, pattern: _Optional[str] = ...) -> None: ...

class ListTables(_message.Message):
    __slots__ = ("db_name", "pattern")
    DB_NAME_FIELD_NUMBER: _ClassVar[int]
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    db_name: str
    pattern: str
    def __init__(self, db_name: _Optional[str] = ..., pattern: _Optional[str] = ...) -> None: ...

class ListFunctions(_message.Message):
    __slots__ = ("db_name", "pattern")
    DB_NAME_FIELD_NUMBER: _ClassVar[int]
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    db_name: str
    pattern: str
    def __init__(self, db_name: _Optional[str] = ..., pattern: _Optional[str] = ...) -> None: ...

class ListColumns(_message.Message):
    __slots__ = ("table_name", "db_name")
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    DB_NAME_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    db_name: str
    def __init__(self, table_name: _Optional[str] = ..., db_name: _Optional[str] = ...) -> None: ...

class GetDatabase(_message.Message):
    __slots__ = ("db_name",)
    DB_NAME_FIELD_NUMBER: _ClassVar[int]
    db_name: str
    def __init__(self, db_name: _Optional[str] = ...) -> None: ...

class GetTable(_message.Message):
    __slots__ = ("table_name", "db_name")
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    DB_NAME_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    db_name: str
    def __init__(self, table_name: _Optional[str] = ..., db_name: _Optional[str] = ...) -> None: ...

class GetFunction(_message.Message):
    __slots__ = ("function_name", "db_name")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    DB_NAME_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    db_name: str
    def __init__(self, function_name: _Optional[str] = ..., db_name: _Optional[str] = ...) -> None: ...

class DatabaseExists(_message.Message):
    __slots__ = ("db_name",)
    DB_NAME_FIELD_NUMBER: _ClassVar[int]
    db_name: str
    def __init__(self, db_name: _Optional[str] = ...) -> None: ...

class TableExists(_message.Message):
    __slots__ = ("table_name", "db_name")
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    DB_NAME_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    db_name: str
    def __init__(self, table_name: _Optional[str] = ..., db_name: _Optional[str] = ...) -> None: ...

class FunctionExists(_message.Message):
    __slots__ = ("function_name", "db_name")
    FUNCTION_NAME_FIELD_NUMBER: _ClassVar[int]
    DB_NAME_FIELD_NUMBER: _ClassVar[int]
    function_name: str
    db_name: str
    def __init__(self, function_name: _Optional[str] = ..., db_name: _Optional[str] = ...) -> None: ...

class CreateExternalTable(_message.Message):
    __slots__ = ("table_name", "path", "source", "schema", "options")
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    path: str
    source: str
    schema: _types_pb2.DataType
    options: _containers.ScalarMap[str, str]
    def __init__(self, table_name: _Optional[str] = ..., path: _Optional[str] = ..., source: _Optional[str] = ..., schema: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CreateTable(_message.Message):
    __slots__ = ("table_name", "path", "source", "description", "schema", "options")
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    path: str
    source: str
    description: str
    schema: _types_pb2.DataType
    options: _containers.ScalarMap[str, str]
    def __init__(self, table_name: _Optional[str] = ..., path: _Optional[str] = ..., source: _Optional[str] = ..., description: _Optional[str] = ..., schema: _Optional[_Union[_types_pb2.DataType, _Mapping]] = ..., options: _Optional[_Mapping[str, str]] = ...) -> None: ...

class DropTempView(_message.Message):
    __slots__ = ("view_name",)
    VIEW_NAME_FIELD_NUMBER: _ClassVar[int]
    view_name: str
    def __init__(self, view_name: _Optional[str] = ...) -> None: ...

class DropGlobalTempView(_message.Message):
    __slots__ = ("view_name",)
    VIEW_NAME_FIELD_NUMBER: _ClassVar[int]
    view_name: str
    def __init__(self, view_name: _Optional[str] = ...) -> None: ...

class RecoverPartitions(_message.Message):
    __slots__ = ("table_name",)
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    def __init__(self, table_name: _Optional[str] = ...) -> None: ...

class IsCached(_message.Message):
    __slots__ = ("table_name",)
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    def __init__(self, table_name: _Optional[str] = ...) -> None: ...

class CacheTable(_message.Message):
    __slots__ = ("table_name", "storage_level")
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    STORAGE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    storage_level: _common_pb2.StorageLevel
    def __init__(self, table_name: _Optional[str] = ..., storage_level: _Optional[_Union[_common_pb2.StorageLevel, _Mapping]] = ...) -> None: ...

class UncacheTable(_message.Message):
    __slots__ = ("table_name",)
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    def __init__(self, table_name: _Optional[str] = ...) -> None: ...

class ClearCache(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RefreshTable(_message.Message):
    __slots__ = ("table_name",)
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    def __init__(self, table_name: _Optional[str] = ...) -> None: ...

class RefreshByPath(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    def __init__(self, path: _Optional[str] = ...) -> None: ...

class CurrentCatalog(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetCurrentCatalog(_message.Message):
    __slots__ = ("catalog_name",)
    CATALOG_NAME_FIELD_NUMBER: _ClassVar[int]
    catalog_name: str
    def __init__(self, catalog_name: _Optional[str] = ...) -> None: ...

class ListCatalogs(_message.Message):
    __slots__ = ("pattern",)
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    pattern: str
    def __init__(self, pattern: _Optional[str] = ...) -> None: ...

class DropTable(_message.Message):
    __slots__ = ("table_name", "if_exists", "purge")
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    IF_EXISTS_FIELD_NUMBER: _ClassVar[int]
    PURGE_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    if_exists: bool
    purge: bool
    def __init__(self, table_name: _Optional[str] = ..., if_exists: _Optional[bool] = ..., purge: _Optional[bool] = ...) -> None: ...

class DropView(_message.Message):
    __slots__ = ("view_name", "if_exists")
    VIEW_NAME_FIELD_NUMBER: _ClassVar[int]
    IF_EXISTS_FIELD_NUMBER: _ClassVar[int]
    view_name: str
    if_exists: bool
    def __init__(self, view_name: _Optional[str] = ..., if_exists: _Optional[bool] = ...) -> None: ...

class CreateDatabase(_message.Message):
    __slots__ = ("db_name", "if_not_exists", "properties")
    class PropertiesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DB_NAME_FIELD_NUMBER: _ClassVar[int]
    IF_NOT_EXISTS_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    db_name: str
    if_not_exists: bool
    properties: _containers.ScalarMap[str, str]
    def __init__(self, db_name: _Optional[str] = ..., if_not_exists: _Optional[bool] = ..., properties: _Optional[_Mapping[str, str]] = ...) -> None: ...

class DropDatabase(_message.Message):
    __slots__ = ("db_name", "if_exists", "cascade")
    DB_NAME_FIELD_NUMBER: _ClassVar[int]
    IF_EXISTS_FIELD_NUMBER: _ClassVar[int]
    CASCADE_FIELD_NUMBER: _ClassVar[int]
    db_name: str
    if_exists: bool
    cascade: bool
    def __init__(self, db_name: _Optional[str] = ..., if_exists: _Optional[bool] = ..., cascade: _Optional[bool] = ...) -> None: ...

class ListPartitions(_message.Message):
    __slots__ = ("table_name",)
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    def __init__(self, table_name: _Optional[str] = ...) -> None: ...

class ListViews(_message.Message):
    __slots__ = ("db_name", "pattern")
    DB_NAME_FIELD_NUMBER: _ClassVar[int]
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    db_name: str
    pattern: str
    def __init__(self, db_name: _Optional[str] = ..., pattern: _Optional[str] = ...) -> None: ...

class GetTableProperties(_message.Message):
    __slots__ = ("table_name",)
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    def __init__(self, table_name: _Optional[str] = ...) -> None: ...

class GetCreateTableString(_message.Message):
    __slots__ = ("table_name", "as_serde")
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    AS_SERDE_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    as_serde: bool
    def __init__(self, table_name: _Optional[str] = ..., as_serde: _Optional[bool] = ...) -> None: ...

class TruncateTable(_message.Message):
    __slots__ = ("table_name",)
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    def __init__(self, table_name: _Optional[str] = ...) -> None: ...

class AnalyzeTable(_message.Message):
    __slots__ = ("table_name", "no_scan")
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    NO_SCAN_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    no_scan: bool
    def __init__(self, table_name: _Optional[str] = ..., no_scan: _Optional[bool] = ...) -> None: ...
