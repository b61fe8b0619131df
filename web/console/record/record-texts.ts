/** The texts of the page of the record. */
import { pageTexts } from '../texts/texts.tsx';

const english = {
  intro:
    'Who did what, and who looked at whom. It has ids and names of fields, and no personal data. Nobody can change it.',
  list: 'Events',
  total: { one: '{{count}} event', other: '{{count}} events' },
  at: 'When',
  actor: 'Actor',
  action: 'Action',
  subject: 'Subject',
  details: 'Details',
  actorField: 'Id of a key, app, user or staff account',
  userField: 'About the user with the id',
  anyAction: 'Any action',
  since: 'From',
  until: 'Before',
  through: 'through {{door}}',
  fields: 'changed: {{fields}}',
  users: { one: '{{count}} person shown', other: '{{count}} people shown' },
  times: { one: '{{count}} time in this hour', other: '{{count}} times in this hour' },
  whole: 'of the organization',
  onlyActor: 'Only events of this actor',
  none: 'No event matches. Remove a filter.',
  remove: 'Remove the filters',
};

const spanish: typeof english = {
  intro:
    'Quién hizo qué, y quién miró a quién. Tiene ids y nombres de campos, y ningún dato personal. Nadie puede cambiarlo.',
  list: 'Sucesos',
  total: { one: '{{count}} suceso', other: '{{count}} sucesos' },
  at: 'Cuándo',
  actor: 'Autor',
  action: 'Acción',
  subject: 'Objeto',
  details: 'Detalles',
  actorField: 'Id de una clave, aplicación, usuario o cuenta del personal',
  userField: 'Sobre el usuario con el id',
  anyAction: 'Cualquier acción',
  since: 'Desde',
  until: 'Antes de',
  through: 'mediante {{door}}',
  fields: 'cambiado: {{fields}}',
  users: { one: '{{count}} persona mostrada', other: '{{count}} personas mostradas' },
  times: { one: '{{count}} vez en esta hora', other: '{{count}} veces en esta hora' },
  whole: 'de la organización',
  onlyActor: 'Solo sucesos de este autor',
  none: 'Ningún suceso coincide. Quite un filtro.',
  remove: 'Quitar los filtros',
};

export const useRecordTexts = pageTexts(english, spanish);
