-- json and jsonb.

SELECT '{"a": {"b": 1}}'::jsonb -> 'a' ->> 'b', '{"a": {"b": 1.50}}'::json -> 'a', '{"a" : { "b" :  1.50 }}'::json -> 'a';
SELECT j -> 'a', j ->> 'a', j -> 'b', j ->> 'b', j -> 'c', j ->> 'c', j -> 'zz', j ->> 'd' FROM (VALUES ('{"a": "x\u00e9\"y", "b": [1, 2.50, null], "c": null, "d": true}'::json)) v (j);
SELECT j -> 'a', j ->> 'a', j -> 'b', j ->> 'b', j -> 'c', j ->> 'c', j -> 'zz', j ->> 'd' FROM (VALUES ('{"a": "x\u00e9\"y", "b": [1, 2.50, null], "c": null, "d": true}'::jsonb)) v (j);
SELECT '[1, "two", {"x": 3}, null]'::json -> 1, '[1, "two", {"x": 3}, null]'::json ->> 1, '[1, "two"]'::jsonb -> -1, '[1, "two"]'::jsonb -> 5, '[1]'::json -> 'a', '{"0": 1}'::json -> 0, '5'::json -> 'a';
SELECT '{"a": [{"b": "deep"}]}'::json #> '{a,0,b}', '{"a": [{"b": "deep"}]}'::jsonb #>> '{a,0,b}', '{"a": 1}'::jsonb #> '{a,b}', '{"a": [1, 2]}'::jsonb #>> '{a,-1}', '{"a": 1}'::jsonb #> '{}';
SELECT '{"a": 1, "b": 2}'::jsonb ? 'a', '["x", "y"]'::jsonb ? 'y', '"s"'::jsonb ? 's', '{"a": 1}'::jsonb ? 'z';
SELECT '{"a": 1, "b": [1, 2]}'::jsonb @> '{"b": [2]}', '[1, 2, 3]'::jsonb @> '[3, 1]', '[1, 2]'::jsonb @> '1', '{"a": 1}'::jsonb <@ '{"a": 1.0, "b": 2}', '{"a": true}'::jsonb @> '{"a": 1}', '[[1]]'::jsonb @> '[1]';
SELECT json_typeof('[1]'::json), jsonb_typeof('"x"'::jsonb), jsonb_typeof('null'::jsonb), json_array_length('[1, 2, 3]'::json), jsonb_array_length('[]'::jsonb), json_typeof('true'), json_typeof('1e5');
SELECT jsonb_array_length('{"a": 1}'::jsonb);
SELECT (('{"n": ' || id || ', "name": "p' || id || '"}')::json ->> 'n')::int + 1 FROM people ORDER BY id;
SELECT (('{"n": ' || id || '}')::jsonb ->> 'n')::int AS n, count(*) FROM people GROUP BY 1 ORDER BY 1;
SELECT '{"b": 1, "a": 2, "b": 3}'::jsonb, '{"b": 1, "a": 2, "b": 3}'::json, '{"b": 1, "b": 3}'::json -> 'b', '[1.0, 1e2, -0.50, 1E-3]'::jsonb, '"\t\n\u0001"'::jsonb;
SELECT name FROM people WHERE ('{"id": ' || id || '}')::jsonb @> '{"id": 3}';
-- refused
SELECT '{"a": 1}'::jsonb || '{"b": 2}';
-- refused
SELECT jsonb_agg(id) FROM people;
-- refused
SELECT to_jsonb(id) FROM people;
-- refused
SELECT jsonb_path_query('{"a": 1}', '$.a');
SELECT j['a'], j['b'][0], j['b'][-1], j['b']['1'], j['c'], j['zz'], j[0], j[NULL], j['b'][0] ->> 'x' FROM (VALUES ('{"a": "x\u00e9\"y", "b": [1, 2.50, null], "c": null, "0": true}'::jsonb)) v (j);
SELECT j['a']::text, (j)['a']['b'] FROM (VALUES ('[1]'::jsonb), ('{"a": {"b": []}}'), (NULL)) v (j) WHERE j['a'] IS NULL OR j['a']['b'] IS NOT NULL;
